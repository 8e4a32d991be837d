/**
 * A control socket: see protocol.ts for what is spoken on it, peer.ts for how a client is answered, credentials.ts for
 * who is.
 */
import { lstatSync, statSync } from 'node:fs';
import { chmod, lchown, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { messageOf, UipvsError } from '../base/error.js';
import { refuseForeign } from '../base/own-file.js';
import type { PeerCredentials } from '../engine/addon.js';
import { type CredentialsReader, credentialsOf, isOwner, mayUse } from './credentials.js';
import { HeldBytes, LineReader } from './line-reader.js';
import type { Handler } from './outcome.js';
import { Peer } from './peer.js';
import { Places } from './places.js';
import { MAX_REQUEST_BYTES, MAX_SHORT_REQUEST_BYTES } from './protocol.js';
import { isReading, readOnly } from './read-only.js';
import type { ReceivedRequest } from './request.js';
import { TurnedAway } from './turned-away.js';
import { Turns } from './turns.js';

const SOCKET_MODE = 0o660;
/** Longer than anybody thinks about the next line of a restore that he types. */
const IDLE_LIMIT_MS = 300_000;

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
  /** How long a client may ask nothing; by default some minutes. */
  readonly idleLimitMs?: number;
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
  readonly #places = new Places((uid) => isOwner(uid, ownUid()));
  readonly #handler: Handler;
  readonly #options: ControlServerOptions;
  #isFailing = false;

  private constructor(path: string, handler: Handler, options: ControlServerOptions) {
    this.#path = path;
    this.#options = options;
    this.#handler = options.isReadOnly === true ? readOnly(handler) : handler;
    // Half open: a client may send its requests, say that there are no more, and still get all answers.
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
  }

  /**
   * Listens on `path` with mode 0660. A socket that a dead daemon left is replaced.
   * Errors: EACCES where the path cannot be made or given to the group; those of {@link assertFree}.
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

  /**
   * Throws EADDRINUSE where a daemon answers on `path`, EPERM where it is somebody else's, EACCES where it is no socket:
   * that is not taken away for one.
   */
  static async assertFree(path: string): Promise<void> {
    refuseForeign('The socket', path);
    if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() === false)
      throw new UipvsError('EACCES', `socket ${path} cannot be made: something else has this name`);
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
    const { uid } = credentials;
    const obstacle = this.#places.take(uid);
    if (obstacle !== null) {
      this.#turnedAway.tell(client, { ok: false, errno: 'EBUSY', message: `${obstacle}: try again` });
      return;
    }
    client.on('close', () => this.#places.release(uid));
    // Only batches are longer, and no batch is carried out there.
    const longest = isReadOnly === true ? MAX_SHORT_REQUEST_BYTES : MAX_REQUEST_BYTES;
    const reader = new LineReader(this.#held, longest, isOwner(uid, ownUid()));
    const { idleLimitMs = IDLE_LIMIT_MS } = this.#options;
    void new Peer(client, this.#handlerFor(credentials), reader, this.#turns, idleLimitMs).serve();
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
    // EAGAIN: so many others wait for it that there is no room for more.
    probe.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'EAGAIN'));
  });
}
