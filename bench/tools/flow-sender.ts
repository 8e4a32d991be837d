import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../../test/lab/lab.js';
import { CLIENT_DEVICE } from '../../test/lab/topology.js';
import { toolPath } from './native-tools.js';
import { delivered, macAddress } from './sinks.js';

/** Flows of UDP packets, each from its own client address and port. */
export interface Flows {
  /** First virtual address and port, and how many of both there are; flow i goes to the i-th of all, in turn. */
  readonly target: string;
  readonly port: number;
  readonly addresses?: number;
  readonly ports?: number;
  /** Number of the first flow (default 0), and how many there are. */
  readonly first?: number;
  readonly count: number;
}

/** One of the two; and packets a second, unless it is to be as fast as the device takes them. */
export interface Amount {
  readonly seconds?: number;
  readonly packets?: number;
  readonly perSecond?: number;
}

export interface Passage {
  /** By the sender's clock. */
  readonly seconds: number;
  readonly sent: number;
  /** Packets that the director has sent on to real servers meanwhile. */
  readonly delivered: number;
}

/** Nobody has these addresses, nothing answers them, and none is on a route of a lab. */
const FIRST_CLIENT = '10.64.0.1';

/** Packets that are on their way when the sender ends have arrived after this. */
const DRAIN_MS = 50;

const TIMEOUT_MS = 120_000;

/** Send from the client straight to the director, past the client's sockets. Real servers are to be sinks. */
export async function sendFlows(lab: Lab, flows: Flows, amount: Amount): Promise<Passage> {
  const options: Readonly<Record<string, string | number | undefined>> = {
    device: 'eth0',
    mac: await macAddress(lab, 'director', CLIENT_DEVICE),
    from: FIRST_CLIENT,
    to: flows.target,
    port: flows.port,
    vips: flows.addresses,
    ports: flows.ports,
    first: flows.first,
    flows: flows.count,
    rate: amount.perSecond,
    seconds: amount.seconds,
    packets: amount.packets,
  };
  const words = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  const before = await delivered(lab);
  const text = await lab.run('client', [toolPath('flow_sender'), ...words], { timeoutMs: TIMEOUT_MS });
  await delay(DRAIN_MS);
  const after = await delivered(lab);
  const { sent, seconds } = JSON.parse(text) as { readonly sent: number; readonly seconds: number };
  return { sent, seconds, delivered: after.packets - before.packets };
}
