import { createConnection, isIPv6, type Socket } from 'node:net';
import type { Endpoint } from '../../src/net/endpoint.js';
import { fateOf } from './fate.js';

/** How long connecting and the server's name may take together, and an echo, in milliseconds. */
const ANSWER_TIMEOUT_MS = 4000;

/** How long an orderly close waits for the other side's FIN, in milliseconds; then TCP goes on without us. */
const CLOSE_TIMEOUT_MS = 2000;

const QUESTION = 'hello\n';

/** The TCP connections a client holds open, by name. */
export class ClientConnections {
  readonly #sockets = new Map<string, Socket>();
  /** Those that sent a FIN and have not seen the other side's: TCP goes on with them. */
  readonly #closing = new Set<Socket>();

  /**
   * Connect and read the first words: the server's name, `closed`, or a fate.
   * libuv binds with SO_REUSEADDR, so that a port may be used again while its last connection is in TIME_WAIT.
   */
  async open(name: string, source: Endpoint, target: Endpoint): Promise<string> {
    const socket = createConnection({
      host: target.address,
      port: target.port,
      localAddress: source.address,
      localPort: source.port,
      family: isIPv6(target.address) ? 6 : 4,
    });
    socket.on('error', () => undefined); // each wait below has its own listener
    const first = await nextWords(socket);
    if (first.isAnswer) this.#sockets.set(name, socket);
    else socket.destroy();
    return first.words;
  }

  /** Send a line: `ok` when it comes back within 4 s, `broken` when it does not, or nothing is open by that name. */
  async ask(name: string): Promise<string> {
    const socket = this.#sockets.get(name);
    if (socket === undefined || socket.destroyed) return 'broken';
    socket.write(QUESTION);
    const { words } = await nextWords(socket);
    return `${words}\n` === QUESTION ? 'ok' : 'broken';
  }

  /** Send FIN, and wait up to 2 s for the other side's. */
  async close(name: string): Promise<void> {
    const socket = this.#take(name);
    if (socket === undefined || socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.end();
    });
    if (!socket.destroyed) this.#closing.add(socket);
  }

  /** Send RST and forget the connection. */
  async reset(name: string): Promise<void> {
    const socket = this.#take(name);
    if (socket === undefined || socket.destroyed) return;
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve());
      socket.resetAndDestroy();
    });
  }

  /** Reset whatever is open still. */
  forget(): void {
    for (const socket of [...this.#sockets.values(), ...this.#closing]) socket.resetAndDestroy();
    this.#sockets.clear();
    this.#closing.clear();
  }

  #take(name: string): Socket | undefined {
    const socket = this.#sockets.get(name);
    this.#sockets.delete(name);
    return socket;
  }
}

interface FirstWords {
  readonly isAnswer: boolean;
  readonly words: string;
}

/** The next data of a socket without its line end, or what came instead of data. */
function nextWords(socket: Socket): Promise<FirstWords> {
  return new Promise((resolve) => {
    const settle = (isAnswer: boolean, words: string): void => {
      clearTimeout(timer);
      socket.off('data', onData).off('end', onEnd).off('error', onError);
      resolve({ isAnswer, words });
    };
    const onData = (data: Buffer): void => settle(true, data.toString().trim());
    const onEnd = (): void => settle(true, 'closed');
    const onError = (error: Error): void => settle(false, fateOf(error));
    const timer = setTimeout(() => settle(false, 'timeout'), ANSWER_TIMEOUT_MS);
    socket.on('data', onData).on('end', onEnd).on('error', onError);
  });
}
