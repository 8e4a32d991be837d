/**
 * The control socket: see protocol.ts for what is spoken on it, peer.ts for how a client is answered.
 */
import { chmod, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { messageOf, UipvsError } from '../base/error.js';
import { HeldBytes, LineReader } from './line-reader.js';
import type { Handler } from './outcome.js';
import { Peer } from './peer.js';
import { Turns } from './turns.js';

const SOCKET_MODE = 0o660;
const MAX_CLIENTS = 64;

export interface ControlServerOptions {
  /** Told why a client could not be accepted, once until one can be. */
  readonly onFailure: (failure: UipvsError) => void;
}

export class ControlServer {
  readonly #server: Server;
  readonly #path: string;
  readonly #clients = new Set<Socket>();
  readonly #held = new HeldBytes();
  readonly #turns = new Turns();
  readonly #onFailure: (failure: UipvsError) => void;
  #isFailing = false;

  private constructor(path: string, handler: Handler, { onFailure }: ControlServerOptions) {
    this.#path = path;
    this.#onFailure = onFailure;
    // Half open: a client may send its requests, say that there are no more, and still get all answers.
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client, handler));
    this.#server.maxConnections = MAX_CLIENTS;
  }

  /**
   * Listens on `path` with mode 0660. A socket that a dead daemon left is replaced.
   * Errors: EADDRINUSE where a daemon answers on it, EACCES where the path cannot be made.
   */
  static async listen(path: string, handler: Handler, options: ControlServerOptions): Promise<ControlServer> {
    await ControlServer.assertFree(path);
    await unlink(path).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code !== 'ENOENT') {
        throw new UipvsError('EACCES', `socket ${path} cannot be replaced: ${messageOf(thrown)}`);
      }
    });
    const server = new ControlServer(path, handler, options);
    await server.#listen();
    return server;
  }

  /** Throws EADDRINUSE where a daemon answers on `path`. */
  static async assertFree(path: string): Promise<void> {
    if (await answers(path)) throw new UipvsError('EADDRINUSE', `socket ${path} is in use by another uipvsd`);
  }

  async #listen(): Promise<void> {
    // The socket is made without rights for anyone and gets its mode before a client can know of it.
    const before = process.umask(0o777);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen(this.#path, () => {
          this.#server.off('error', reject);
          resolve();
        });
      });
      this.#server.on('error', (error) => this.#noteFailure(error));
    } catch (thrown) {
      throw new UipvsError('EACCES', `socket ${this.#path} cannot be made: ${messageOf(thrown)}`);
    } finally {
      process.umask(before);
    }
    await chmod(this.#path, SOCKET_MODE);
  }

  /** Stops listening, hangs up on every client and removes the socket. May be called twice. */
  async close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  /** Of accepting a client, for example without a file descriptor left: tried again at once and told only once. */
  #noteFailure(error: Error): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    this.#onFailure(new UipvsError('EIO', `socket ${this.#path} cannot accept a client: ${error.message}`));
  }

  #accept(client: Socket, handler: Handler): void {
    this.#isFailing = false;
    this.#clients.add(client);
    client.on('close', () => this.#clients.delete(client));
    void new Peer(client, handler, new LineReader(this.#held), this.#turns).serve();
  }
}

async function answers(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const probe = createConnection(path);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
