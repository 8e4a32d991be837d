/**
 * Servers for the real-server end of a lab, as one program:
 *
 *   node servers.js --name rs1 [--http PORT] [--tcp-echo PORT] [--udp-echo PORT] [--listen ADDRESS]
 *
 * HTTP answers its own name on every path, `/bytes/N` with N bytes (0..1 GiB) and `/peer` with the address and port
 * of the client as seen here. TCP echo gives back what it gets; UDP echo too, except that the datagram `name?` is
 * answered with the server's name. Listens on both families unless told otherwise, and prints `ready`.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Child } from './child.js';
import type { Lab } from './lab.js';
import type { Host } from './topology.js';

/** Ports of the servers to start; those left out are not started. */
export interface ServerPorts {
  readonly http?: number;
  readonly tcpEcho?: number;
  readonly udpEcho?: number;
  /** Default `::`, which takes IPv4 too. */
  readonly listen?: string;
}

const CHUNK_BYTES = 64 * 1024;
const MAX_BODY_BYTES = 2 ** 30;

/** Start this program on a machine of a lab, named as the machine; returns when every port is open. */
export async function startServers(lab: Lab, host: Host, ports: ServerPorts): Promise<Child> {
  const options: readonly (readonly [string, string | number | undefined])[] = [
    ['--name', host],
    ['--http', ports.http],
    ['--tcp-echo', ports.tcpEcho],
    ['--udp-echo', ports.udpEcho],
    ['--listen', ports.listen],
  ];
  const args = options.flatMap(([option, value]) => (value === undefined ? [] : [option, String(value)]));
  const child = lab.spawn(host, [process.execPath, fileURLToPath(import.meta.url), ...args]);
  await child.ready(`servers on ${host}`, 10_000, () => child.log.includes('ready'));
  return child;
}

async function serveHttp(name: string, port: number, listen: string): Promise<void> {
  const server = createHttpServer((request, response) => answer(name, request, response));
  server.keepAliveTimeout = 0; // the client decides when a connection ends
  await once(server.listen(port, listen), 'listening');
}

function answer(name: string, request: IncomingMessage, response: ServerResponse): void {
  const { url = '/', socket } = request;
  const bytes = /^\/bytes\/(\d{1,10})$/.exec(url)?.[1];
  if (bytes !== undefined && Number(bytes) <= MAX_BODY_BYTES) {
    response.writeHead(200, { 'content-length': bytes, 'content-type': 'application/octet-stream' });
    Readable.from(body(Number(bytes))).pipe(response);
    return;
  }
  const text = url === '/peer' ? `${socket.remoteAddress} ${socket.remotePort}\n` : `${name}\n`;
  response.writeHead(200, { 'content-length': Buffer.byteLength(text), 'content-type': 'text/plain' });
  response.end(text);
}

/** `bytes` bytes, as views of one chunk: a long body costs no memory. */
function* body(bytes: number): Generator<Buffer> {
  const chunk = Buffer.alloc(CHUNK_BYTES, 'uipvs ');
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) yield chunk.subarray(0, left);
}

async function echoTcp(port: number, listen: string): Promise<void> {
  const server = createTcpServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.pipe(socket);
  });
  await once(server.listen(port, listen), 'listening');
}

async function echoUdp(name: string, port: number, listen: string): Promise<void> {
  const socket = createSocket(listen.includes(':') ? 'udp6' : 'udp4');
  socket.on('message', (message, from) => {
    const reply = message.equals(Buffer.from('name?')) ? Buffer.from(name) : message;
    // Port 0 cannot be answered, and Node throws at the attempt.
    if (from.port !== 0) socket.send(reply, from.port, from.address, () => undefined);
  });
  await once(socket.bind(port, listen), 'listening');
}

async function main(): Promise<void> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: { name: text, http: text, 'tcp-echo': text, 'udp-echo': text, listen: text },
  });
  const { name = 'server', listen = '::' } = values;
  if (values.http !== undefined) await serveHttp(name, Number(values.http), listen);
  if (values['tcp-echo'] !== undefined) await echoTcp(Number(values['tcp-echo']), listen);
  if (values['udp-echo'] !== undefined) await echoUdp(name, Number(values['udp-echo']), listen);
  process.stdout.write('ready\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
