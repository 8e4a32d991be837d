/**
 * The control socket: see protocol.ts for what is spoken on it.
 *
 * Requests of one client are answered in order; a client that sends faster than it is answered is not read from, so
 * what it can make the daemon hold is bounded by MAX_UNANSWERED and MAX_REQUEST_BYTES.
 */
import { chmod, unlink } from 'node:fs/promises';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { type ErrorCode, messageOf, UipvsError } from '../base/error.js';
import { BatchRefusal } from './batch-refusal.js';
import { HeldBytes, LineReader } from './line-reader.js';
import { MAX_SHORT_REQUEST_BYTES, type Reply, type Request } from './protocol.js';
import { parseRequest } from './request.js';

const SOCKET_MODE = 0o660;
const MAX_CLIENTS = 64;
/** Of one client. Many at once is what makes a restore fast: the host does them together. */
const MAX_UNANSWERED = 256;

/** A result; for long answers the pieces of it; or the errno of a refusal that ipvsadm has its own words for. */
export type Outcome =
  | { readonly result: unknown }
  | { readonly pieces: Iterable<unknown> }
  | {
      readonly refused: ErrorCode;
      /** Of a refused batch: which of its requests, from 0. */
      readonly index?: number;
    };

/**
 * What answers a request. A UipvsError that it throws is told to the client in its own words and, where it is a
 * BatchRefusal, with its index.
 */
export type Handler = (request: Request) => Promise<Outcome>;

export class ControlServer {
  readonly #server: Server;
  readonly #path: string;
  readonly #clients = new Set<Socket>();
  readonly #held = new HeldBytes();

  private constructor(path: string, handler: Handler) {
    this.#path = path;
    this.#server = createServer((client) => this.#accept(client, handler));
    this.#server.maxConnections = MAX_CLIENTS;
  }

  /**
   * Listens on `path` with mode 0660. A socket that a dead daemon left is replaced.
   * Errors: EADDRINUSE where a daemon answers on it, EACCES where the path cannot be made.
   */
  static async listen(path: string, handler: Handler): Promise<ControlServer> {
    await ControlServer.assertFree(path);
    await unlink(path).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code !== 'ENOENT') {
        throw new UipvsError('EACCES', `socket ${path} cannot be replaced: ${messageOf(thrown)}`);
      }
    });
    const server = new ControlServer(path, handler);
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
        this.#server.listen(this.#path, resolve);
      });
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

  #accept(client: Socket, handler: Handler): void {
    this.#clients.add(client);
    client.on('error', () => client.destroy());
    client.on('close', () => this.#clients.delete(client));
    void serve(client, handler, new LineReader(this.#held));
  }
}

/** Requests are begun as they come and answered in their order. */
async function serve(client: Socket, handler: Handler, reader: LineReader): Promise<void> {
  let unanswered = 0;
  let answers: Promise<void> = Promise.resolve();
  const take = async (line: string) => {
    const outcome = begin(line, handler);
    unanswered += 1;
    answers = answers.then(async () => {
      await answer(client, await outcome);
      unanswered -= 1;
    });
    answers.catch(() => client.destroy());
    if (unanswered >= MAX_UNANSWERED || line.length > MAX_SHORT_REQUEST_BYTES) await answers;
  };
  try {
    for await (const chunk of client) {
      try {
        for (const line of reader.push(chunk)) await take(line);
      } catch (thrown) {
        await answers;
        await write(client, refusal(thrown));
        break;
      }
    }
    await answers;
  } catch {
    // The client hung up in the middle of a request or an answer.
  }
  reader.clear();
  client.destroy();
}

/** Carries out one request; a refusal or failure becomes its reply. */
async function begin(line: string, handler: Handler): Promise<Outcome | Reply> {
  try {
    return await handler(parseRequest(line));
  } catch (thrown) {
    return refusal(thrown);
  }
}

async function answer(client: Socket, outcome: Outcome | Reply): Promise<void> {
  if ('pieces' in outcome) {
    for (const part of outcome.pieces) await write(client, { part });
    await write(client, { ok: true, result: null });
  } else if ('refused' in outcome) {
    const { refused: errno, index } = outcome;
    await write(client, { ok: false, errno, ...(index === undefined ? {} : { index }) });
  } else if ('ok' in outcome) {
    await write(client, outcome);
  } else {
    await write(client, { ok: true, result: outcome.result });
  }
}

function refusal(thrown: unknown): Reply {
  if (thrown instanceof UipvsError) {
    const index = thrown instanceof BatchRefusal ? { index: thrown.index } : {};
    return { ok: false, errno: thrown.code, message: thrown.message, ...index };
  }
  return { ok: false, errno: 'EIO', message: `uipvsd failed to answer: ${messageOf(thrown)}` };
}

/** Writes one line and waits until the client has taken enough of it. */
async function write(client: Socket, reply: unknown): Promise<void> {
  if (client.write(`${JSON.stringify(reply)}\n`)) return;
  await new Promise<void>((resolve) => {
    client.once('drain', resolve);
    client.once('close', resolve);
  });
  if (client.destroyed) throw new UipvsError('EIO', 'the client hung up');
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
