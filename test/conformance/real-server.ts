import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, isIPv6, type Socket } from 'node:net';
import type { AgentRequest } from './agent-protocol.js';

type ServeRequest = AgentRequest & { readonly do: 'serve' };

/** The real servers of one machine, and their connections. */
export class RealServers {
  readonly #listening: { close(): unknown }[] = [];
  readonly #connected = new Set<Socket>();

  /** Start a real server on each of its addresses; throws what bind(2) refuses. */
  async serve({ name, protocol, port, addresses }: ServeRequest): Promise<void> {
    const greeting = `${name}\n`;
    await Promise.all(
      addresses.map((address) =>
        protocol === 'tcp'
          ? this.#serveTcp(greeting, port, address)
          : this.#serveUdp(greeting, port, address),
      ),
    );
  }

  /** Close all servers, and reset their connections. */
  forget(): void {
    for (const server of this.#listening.splice(0)) server.close();
    for (const socket of this.#connected) socket.resetAndDestroy();
    this.#connected.clear();
  }

  /** Says its name at once, then echoes; ends when the client does. */
  async #serveTcp(greeting: string, port: number, address: string): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      this.#connected.add(socket);
      socket.on('close', () => this.#connected.delete(socket));
      socket.on('error', () => socket.destroy());
      socket.write(greeting);
      socket.pipe(socket);
    });
    await once(server.listen(port, address), 'listening');
    this.#listening.push(server);
  }

  /** Answers every datagram with its name. */
  async #serveUdp(greeting: string, port: number, address: string): Promise<void> {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    socket.on('message', (_, from) => socket.send(greeting, from.port, from.address, () => undefined));
    await once(socket.bind(port, address), 'listening');
    this.#listening.push(socket);
  }
}
