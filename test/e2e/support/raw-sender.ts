/**
 * Crafted ICMP and UDP from a machine of a lab through its kernel's IP, by the npm package `raw-socket`: what is sent is
 * what lies above IP, byte by byte; routes, neighbours and fragmentation are the kernel's. As a program:
 *
 *   raw-sender.js PROTOCOL ADDRESS REPLIES LIMIT_MS
 *
 * sends the lines of its standard input, each a packet in hexadecimal, and prints what comes from ADDRESS under that protocol
 * the same way, until there are so many or the time is over.
 */
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AddressFamily, createSocket, type Socket } from 'raw-socket';
import type { Lab } from '../../lab/lab.js';
import type { Host } from '../../lab/topology.js';

const PROGRAM = fileURLToPath(import.meta.url);
const LONGEST_PACKET = 65_536;
const POLL_MS = 5;

export interface RawExchange {
  readonly protocol: number;
  readonly to: string;
  readonly packets: readonly Buffer[];
  /** How many are awaited; more may come in that time. */
  readonly replies: number;
  /** Default 3000. */
  readonly limitMs?: number;
}

/** Sends all of them, and gives back what came from there, without the IP headers. Fewer than awaited is no error. */
export async function exchangeRaw(lab: Lab, host: Host, exchange: RawExchange): Promise<Buffer[]> {
  const { protocol, to, packets, replies, limitMs = 3000 } = exchange;
  const argv = [process.execPath, PROGRAM, ...[protocol, to, replies, limitMs].map(String)];
  const input = packets.map((packet) => packet.toString('hex')).join('\n');
  const lines = (await lab.run(host, argv, { input })).split('\n').filter(Boolean);
  return lines.map((line) => Buffer.from(line, 'hex'));
}

function sendTo(socket: Socket, packet: Buffer, address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.send(packet, 0, packet.length, address, (error) => (error ? reject(error) : resolve()));
  });
}

async function main(): Promise<void> {
  const [protocol = '', address = '', replies = '', limitMs = ''] = process.argv.slice(2);
  const isIpv4 = !address.includes(':');
  const addressFamily = isIpv4 ? AddressFamily.IPv4 : AddressFamily.IPv6;
  const socket = createSocket({ protocol: Number(protocol), addressFamily, bufferSize: LONGEST_PACKET });
  const received: string[] = [];
  socket.on('message', (bytes, source) => {
    if (source !== address) return;
    received.push(bytes.subarray(isIpv4 ? (bytes[0]! & 0x0f) * 4 : 0).toString('hex'));
  });
  const lines = (await text(process.stdin)).split('\n').filter(Boolean);
  const packets = lines.map((line) => Buffer.from(line, 'hex'));
  // The timer is also what keeps the socket from being collected as garbage: the package alone does not.
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    socket.close();
  }, Number(limitMs));
  for (const packet of packets) await sendTo(socket, packet, address);
  while (received.length < Number(replies) && !isLate) await delay(POLL_MS);
  if (!isLate) socket.close();
  clearTimeout(limit);
  process.stdout.write(`${received.join('\n')}\n`);
}

if (process.argv[1] === PROGRAM) await main();
