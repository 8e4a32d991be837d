/**
 * A control socket: see protocol.ts for what is spoken on it, peer.ts for how a client is answered, credentials.ts for
 * who is.
 */
import { statSync } from 'node:fs';
import { chmod, lchown, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { messageOf, UipvsError } from '../base/error.js';
import type { PeerCredentials } from '../engine/addon.js';
import { type CredentialsReader, credentialsOf, mayUse } from './credentials.js';
import { HeldBytes, LineReader } from './line-reader.js';
import type { Handler } from './outcome.js';
import { Peer } from './peer.js';
import { MAX_REQUEST_BYTES, MAX_SHORT_REQUEST_BYTES } from './protocol.js';
import { isReading, readOnly } from './read-only.js';
import type { ReceivedRequest } from './request.js';
import { TurnedAway } from './turned-away.js';
import { Turns } from './turns.js';

const SOCKET_MODE = 0o660;
const MAX_CLIENTS = 64;

export interface ControlServerOptions {
  /** Told why a client could not be accepted, once until one can be. */
  readonly onFailure: (failure: UipvsError) => void;
  readonly peerCredentials: CredentialsReader;
  /** Told of each client that may not use the socket; null where it is not known who that was. */
  readonly onRefused: (credentials: PeerCredentials | null) => void;
  /** Told of each change that is asked for, before it is carried out or refused. */
  readonly onChange?: (request: ReceivedRequest, credentials: PeerCredentials) => void;
  /** Number of the group that may use the socket; without it the one that the file gets when it is made. */
  readonly group?: number | null;
  /** Whether all changes are refused: see read-only.ts. */
  readonly isReadOnly?: boolean;
}

export class ControlServer {
  readonly #server: Server;
  readonly #path: string;
  readonly #clients = new Set<Socket>();
  readonly #held = new HeldBytes();
  readonly #turns = new Turns();
  readonly #turnedAway = new TurnedAway();
  readonly #handler: Handler;
  readonly #options: ControlServerOptions;
  #isFailing = false;

  private constructor(path: string, handler: Handler, options: ControlServerOptions) {
    this.#path = path;
    this.#options = options;
    this.#handler = options.isReadOnly === true ? readOnly(handler) : handler;
    // Half open: a client may send its requests, say that there are no more, and still get all answers.
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    this.#server.maxConnections = MAX_CLIENTS;
  }

  /**
   * Listens on `path` with mode 0660. A socket that a dead daemon left is replaced.
   * Errors: EADDRINUSE where a daemon answers on it, EACCES where the path cannot be made or given to the group.
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
    // The socket is made without rights for anyone, is given to its group, and then gets its mode: the other way round
    // a group that may not use it could for a moment.
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
    try {
      const { group } = this.#options;
      if (group !== undefined && group !== null) await this.#giveTo(group);
      await chmod(this.#path, SOCKET_MODE);
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
  }

  async #giveTo(group: number): Promise<void> {
    try {
      // An owner of -1 is left as it is.
      await lchown(this.#path, -1, group);
    } catch (thrown) {
      throw new UipvsError(
        'EACCES',
        `socket ${this.#path} cannot be given to group ${group}: ${messageOf(thrown)}`,
      );
    }
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
    this.#options.onFailure(
      new UipvsError('EIO', `socket ${this.#path} cannot accept a client: ${error.message}`),
    );
  }

  #accept(client: Socket): void {
    this.#isFailing = false;
    this.#clients.add(client);
    client.on('close', () => this.#clients.delete(client));
    const { peerCredentials, onRefused, isReadOnly } = this.#options;
    const credentials = credentialsOf(client, peerCredentials);
    if (credentials === null || !mayUse(credentials, ownUid(), () => groupOf(this.#path))) {
      onRefused(credentials);
      const message = `No permission to use the socket '${this.#path}'`;
      this.#turnedAway.tell(client, { ok: false, errno: 'EPERM', message });
      return;
    }
    // Only batches are longer, and no batch is carried out there.
    const longest = isReadOnly === true ? MAX_SHORT_REQUEST_BYTES : MAX_REQUEST_BYTES;
    const reader = new LineReader(this.#held, longest);
    void new Peer(client, this.#handlerFor(credentials), reader, this.#turns).serve();
  }

  #handlerFor(credentials: PeerCredentials): Handler {
    const { onChange } = this.#options;
    if (onChange === undefined) return this.#handler;
    return async (request) => {
      if (!isReading(request.op)) onChange(request, credentials);
      return await this.#handler(request);
    };
  }
}

/** Where there are no users nobody is the daemon's own. */
function ownUid(): number {
  return process.geteuid?.() ?? -1;
}

/** As it is now: whoever may change the file's group says who may use it. Null where that cannot be seen any more. */
function groupOf(path: string): number | null {
  try {
    return statSync(path).gid;
  } catch {
    return null;
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
