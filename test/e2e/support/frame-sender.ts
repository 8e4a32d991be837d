import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import type { Lab } from '../../lab/lab.js';
import { CLIENT_DEVICE, type Host, LAN_DEVICE } from '../../lab/topology.js';
import { pythonProgram } from './program.js';

const ETHERTYPE = { 4: Buffer.from([0x08, 0x00]), 6: Buffer.from([0x86, 0xdd]) } as const;
const START_TIMEOUT_MS = 10_000;

/** Sends packets as they are from a machine to the director, past the machine's own IP. Ends with the lab. */
export class FrameSender {
  readonly #socket: Socket;
  readonly #addresses: Buffer;

  private constructor(socket: Socket, addresses: Buffer) {
    this.#socket = socket;
    this.#addresses = addresses;
  }

  /** `host`: the client, or a real server. */
  static async start(lab: Lab, host: Host = 'client'): Promise<FrameSender> {
    const socketPath = path.join(lab.directory, `frames-${host}.sock`);
    const child = lab.spawn(host, ['python3', pythonProgram('send_frames.py'), 'eth0', socketPath]);
    await child.ready('the frame sender', START_TIMEOUT_MS, () => child.log.includes('ready'));
    const socket = connect(socketPath);
    await once(socket, 'connect');
    const gateway = host === 'client' ? CLIENT_DEVICE : LAN_DEVICE;
    const destination = await hardwareAddress(lab, 'director', gateway);
    const source = await hardwareAddress(lab, host, 'eth0');
    return new FrameSender(socket, Buffer.concat([destination, source]));
  }

  /** Returns when all of them have left; with the tag of a VLAN, if one is named. */
  async send(family: 4 | 6, packets: readonly Buffer[], vlan?: number): Promise<void> {
    const tag = vlan === undefined ? [] : [Buffer.from([0x81, 0x00, vlan >> 8, vlan & 0xff])];
    const header = Buffer.concat([this.#addresses, ...tag, ETHERTYPE[family]]);
    const frames = packets.map((packet) => Buffer.concat([header, packet]));
    const sent = once(this.#socket, 'data');
    this.#socket.write(`${frames.map((frame) => frame.toString('hex')).join('\n')}\n\n`);
    await sent;
  }
}

async function hardwareAddress(lab: Lab, host: Host, device: string): Promise<Buffer> {
  const text = await lab.run(host, ['ip', '-json', 'link', 'show', device]);
  const [link] = JSON.parse(text) as { address: string }[];
  return Buffer.from((link?.address ?? '').replaceAll(':', ''), 'hex');
}
