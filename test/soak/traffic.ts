/** Clients that come and go while the soak lasts. */
import { setTimeout as delay } from 'node:timers/promises';
import { iperf } from '../e2e/support/iperf.js';
import type { Peer } from '../e2e/support/peer.js';
import type { Scene } from '../e2e/support/scene.js';
import { VIP } from '../lab/topology.js';

export interface TrafficCounts {
  /** Short TCP connections with an answer, datagrams that came back, bytes of bulk flows. */
  connections: number;
  datagrams: number;
  bulkBytes: number;
  /** What a daemon that was being replaced cost: a client would ask again. */
  missed: number;
  /** What must not be, in words, some of them. */
  readonly faults: string[];
}

const ADDRESSES = [VIP.ipv4, VIP.ipv6] as const;
const PERIOD_MS = 20;
const BULK_PERIOD_MS = 20_000;
const PATIENCE_MS = 8000;
const MOST_FAULTS = 20;

function note(counts: TrafficCounts, fault: string): void {
  if (counts.faults.length < MOST_FAULTS) counts.faults.push(fault);
}

/** HTTP by new connections, both families in turn. */
async function ask(peer: Peer, port: number, counts: TrafficCounts, isOver: () => boolean): Promise<void> {
  for (let turn = 0; !isOver(); turn += 1) {
    const address = ADDRESSES[turn % ADDRESSES.length] ?? VIP.ipv4;
    try {
      const connection = await peer.connect(address, port, { timeoutMs: PATIENCE_MS });
      const answer = await connection.ask('/', PATIENCE_MS);
      await connection.close();
      counts.connections += 1;
      if (!/^rs\d/.test(answer)) note(counts, `${address} answered '${answer.slice(0, 40)}'`);
    } catch {
      counts.missed += 1;
    }
    await delay(PERIOD_MS);
  }
}

/** Datagrams of one flow after another. */
async function echo(peer: Peer, port: number, counts: TrafficCounts, isOver: () => boolean): Promise<void> {
  for (let turn = 0; !isOver(); turn += 1) {
    const flow = await peer.datagrams(ADDRESSES[turn % ADDRESSES.length] ?? VIP.ipv4, port);
    for (let index = 0; index < 20 && !isOver(); index += 1) {
      const text = `${turn} ${index}`;
      try {
        const answer = await flow.ask(text);
        counts.datagrams += 1;
        // One that comes late is an answer to what was asked before.
        if (!/^\d+ \d+$/.test(answer)) note(counts, `'${text}' came back as '${answer}'`);
      } catch {
        counts.missed += 1;
      }
      await delay(PERIOD_MS);
    }
  }
}

async function bulk(scene: Scene, counts: TrafficCounts, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    try {
      const { receivedBytes } = await iperf(scene.lab, VIP.ipv4, ['--time', '2', '--parallel', '2']);
      counts.bulkBytes += receivedBytes;
    } catch {
      counts.missed += 1;
    }
    for (let waited = 0; waited < BULK_PERIOD_MS && !isOver(); waited += 500) await delay(500);
  }
}

/** Settles some seconds after `isOver`. */
export async function runTraffic(
  scene: Scene,
  ports: { readonly http: number; readonly masqueraded: number; readonly udpEcho: number },
  isOver: () => boolean,
): Promise<TrafficCounts> {
  const counts: TrafficCounts = { connections: 0, datagrams: 0, bulkBytes: 0, missed: 0, faults: [] };
  const peer = await scene.peer('client', 'soak');
  await Promise.all([
    ask(peer, ports.http, counts, isOver),
    ask(peer, ports.http, counts, isOver),
    ask(peer, ports.masqueraded, counts, isOver),
    echo(peer, ports.udpEcho, counts, isOver),
    bulk(scene, counts, isOver),
  ]);
  return counts;
}
