/**
 * A client of the control protocol: one Unix stream, requests answered in order, as many under way as the caller
 * likes. See protocol.ts for the wire.
 */
import { createConnection, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ErrorCode, messageOf, UipvsError } from '../base/error.js';
import type { DestinationListing, ServiceListing } from '../ipvs/listing.js';
import type { ServiceKey } from '../ipvs/specification.js';
import type { Items, Part, Reply, Request, Results } from './protocol.js';

/** What a request of operation `Op` is answered with. */
export type ResultOf<Op extends Request['op']> = Op extends keyof Results ? Results[Op] : null;

/** The daemon understood the request and refused it. `code` is the errno that kernel IPVS would have returned. */
export class RefusedError extends UipvsError {
  readonly operation: Request['op'];
  /** The daemon's own words, where it has any. */
  readonly detail: string | undefined;
  /** Of a batch: which of its requests was refused, from 0, where the daemon says it. */
  readonly index: number | undefined;

  constructor(operation: Request['op'], code: ErrorCode, detail: string | undefined, index?: number) {
    super(code, detail ?? `uipvsd refused '${operation}': ${code}`);
    this.name = 'RefusedError';
    this.operation = operation;
    this.detail = detail;
    this.index = index;
  }
}

interface Pending {
  readonly operation: Request['op'];
  readonly onPart: (part: readonly unknown[]) => void;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: UipvsError) => void;
}

type LongRequest = Extract<Request, { readonly op: keyof Items }>;

/** Parts that may wait for a slow reader of {@link ControlClient.stream} before the stream is paused. */
const MAX_WAITING_PARTS = 8;

/** How often, and for how long, it is tried to connect where too many others do. */
const RETRY_MS = 5;
const PATIENCE_MS = 5000;

function connectFailure(path: string, thrown: unknown): UipvsError {
  const code = (thrown as NodeJS.ErrnoException).code;
  switch (code) {
    case 'ENOENT':
      return new UipvsError('ENOENT', `There is no socket '${path}'`, { cause: thrown });
    case 'ECONNREFUSED':
      return new UipvsError('EIO', `Nobody listens on the socket '${path}'`, { cause: thrown });
    case 'EACCES':
    case 'EPERM':
      return new UipvsError('EACCES', `No permission to use the socket '${path}'`, { cause: thrown });
    default:
      return new UipvsError('EIO', `Cannot connect to '${path}': ${messageOf(thrown)}`, { cause: thrown });
  }
}

function connected(path: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createConnection(path);
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

export class ControlClient {
  readonly #socket: Socket;
  readonly #path: string;
  readonly #pending: Pending[] = [];
  /** The pieces of a line whose end has not come yet. */
  #pieces: string[] = [];
  #failure: UipvsError | undefined;
  /** What the daemon said before it was asked anything: that it will not answer. */
  #turnedAwayBy: Extract<Reply, { readonly ok: false }> | undefined;
  #isCorked = false;

  private constructor(socket: Socket, path: string) {
    this.#socket = socket;
    this.#path = path;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.#receive(chunk));
    socket.on('error', (error) => this.#fail(`Lost the connection to '${path}': ${messageOf(error)}`));
    socket.on('close', () => this.#fail(`The connection to '${path}' was closed before the answer`));
  }

  /**
   * Connects to the daemon's socket. Rejects with ENOENT where there is no such socket, EACCES where it may not be
   * used, EIO otherwise. Waits some seconds where the queue of those who connect is full.
   */
  static async connect(path: string): Promise<ControlClient> {
    const endsAtMs = performance.now() + PATIENCE_MS;
    for (;;) {
      try {
        return new ControlClient(await connected(path), path);
      } catch (thrown) {
        const isFull = (thrown as NodeJS.ErrnoException).code === 'EAGAIN';
        if (!isFull || performance.now() >= endsAtMs) throw connectFailure(path, thrown);
      }
      await delay(RETRY_MS);
    }
  }

  /**
   * Sends one request, without waiting for those before it. Rejects with {@link RefusedError} where the daemon
   * refuses, with EIO where the connection is lost or the answer is not of the protocol.
   */
  request<R extends Exclude<Request, LongRequest>>(request: R): Promise<ResultOf<R['op']>> {
    // The daemon is trusted to answer with what the protocol says: it is the same package.
    return this.#send(request, () => {}) as Promise<ResultOf<R['op']>>;
  }

  /** A long answer, part by part as it arrives. Throws as {@link request} rejects. */
  async *stream<R extends LongRequest>(request: R): AsyncGenerator<readonly Items[R['op']][], void, void> {
    const parts: (readonly Items[R['op']][])[] = [];
    let isWanted = true;
    let isOver = false;
    let wake = () => {};
    const answer = this.#send(request, (part) => {
      if (!isWanted) return;
      parts.push(part as readonly Items[R['op']][]);
      if (parts.length >= MAX_WAITING_PARTS) this.#socket.pause();
      wake();
    });
    const end = () => {
      isOver = true;
      wake();
    };
    answer.then(end, end);
    try {
      while (!isOver || parts.length > 0) {
        const part = parts.shift();
        if (part !== undefined) {
          yield part;
          continue;
        }
        this.#socket.resume();
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      await answer;
    } finally {
      isWanted = false;
      this.#socket.resume();
    }
  }

  /** All services or the one, each with all of its destinations. Throws as {@link request} rejects. */
  async *services(key?: ServiceKey): AsyncGenerator<ServiceListing, void, void> {
    let head: ServiceListing | undefined;
    let destinations: DestinationListing[] = [];
    for await (const part of this.stream(key === undefined ? { op: 'list' } : { op: 'list', key })) {
      for (const item of part) {
        if ('more' in item) {
          for (const one of item.more) destinations.push(one);
          continue;
        }
        if (head !== undefined) yield { ...head, destinations };
        head = item;
        destinations = [...item.destinations];
      }
    }
    if (head !== undefined) yield { ...head, destinations };
  }

  /** Ends the connection; requests still under way are rejected with EIO. May be called twice. */
  close(): void {
    this.#fail(`The connection to '${this.#path}' was closed`);
    this.#socket.destroy();
  }

  #send(request: Request, onPart: Pending['onPart']): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const refusal = this.#turnedAwayBy;
      if (refusal !== undefined) {
        reject(new RefusedError(request.op, refusal.errno, refusal.message));
        return;
      }
      if (this.#failure !== undefined) {
        reject(this.#failure);
        return;
      }
      this.#pending.push({ operation: request.op, onPart, resolve, reject });
      this.#cork();
      this.#socket.write(`${JSON.stringify(request)}\n`);
    });
  }

  /** What is asked in one turn of the event loop leaves in one system call. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#isCorked = false;
      this.#socket.uncork();
    });
  }

  #receive(chunk: string): void {
    let start = 0;
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', start)) {
      this.#pieces.push(chunk.slice(start, end));
      const line = this.#pieces.join('');
      this.#pieces = [];
      start = end + 1;
      this.#receiveLine(line);
    }
    if (start < chunk.length) this.#pieces.push(chunk.slice(start));
  }

  #receiveLine(line: string): void {
    const pending = this.#pending[0];
    const message = parseMessage(line);
    if (pending === undefined && message !== undefined && 'ok' in message && !message.ok) {
      this.#turnedAwayBy = message;
      this.#socket.destroy();
      return;
    }
    if (pending === undefined || message === undefined) {
      this.#fail(`Expected an answer of uipvsd from '${this.#path}' but received '${line.slice(0, 80)}'`);
      this.#socket.destroy();
      return;
    }
    if ('part' in message) {
      pending.onPart(message.part);
      return;
    }
    this.#pending.shift();
    if (message.ok) pending.resolve(message.result);
    else pending.reject(new RefusedError(pending.operation, message.errno, message.message, message.index));
  }

  #fail(message: string): void {
    this.#failure ??= new UipvsError('EIO', message);
    for (const pending of this.#pending.splice(0)) pending.reject(this.#failure);
  }
}

function parseMessage(line: string): Reply | Part<unknown> | undefined {
  let message: unknown;
  try {
    message = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof message !== 'object' || message === null) return undefined;
  const candidate = message as { ok?: unknown; part?: unknown; errno?: unknown };
  const isPart = Array.isArray(candidate.part);
  const isReply = candidate.ok === true || (candidate.ok === false && typeof candidate.errno === 'string');
  return isPart || isReply ? (message as Reply | Part<unknown>) : undefined;
}
