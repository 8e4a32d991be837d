import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6 } from 'node:net';
import type { AgentRequest } from './agent-protocol.js';

type ServeRequest = AgentRequest & { readonly do: 'serve' };

/** Start a real server on each of its addresses; throws what bind(2) refuses. */
export async function serve({ name, protocol, port, addresses }: ServeRequest): Promise<void> {
  const start = protocol === 'tcp' ? serveTcp : serveUdp;
  await Promise.all(addresses.map((address) => start(`${name}\n`, port, address)));
}

/** Says its name at once, then echoes; ends when the client does. */
async function serveTcp(greeting: string, port: number, address: string): Promise<void> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.write(greeting);
    socket.pipe(socket);
  });
  await once(server.listen(port, address), 'listening');
}

/** Answers every datagram with its name. */
async function serveUdp(greeting: string, port: number, address: string): Promise<void> {
  const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
  socket.on('message', (_, from) => socket.send(greeting, from.port, from.address, () => undefined));
  await once(socket.bind(port, address), 'listening');
}
