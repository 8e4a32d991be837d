import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Lab } from '../../lab/lab.js';
import type { Host } from '../../lab/topology.js';
import type {
  Arguments,
  ByteSample,
  ConnectArguments,
  Connected,
  Operation,
  Result,
  RoundTrip,
} from './peer-operations.js';

const PROGRAM = fileURLToPath(new URL('./peer-program.js', import.meta.url));
const START_TIMEOUT_MS = 10_000;

/** What a call failed with on the machine: `code` is the errno's name, EOF, or ETIMEDOUT. */
export class PeerError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

interface Pending {
  resolve(result: unknown): void;
  reject(error: PeerError): void;
}

/** Sockets on a machine of a lab, worked from the test. Ends with the lab. */
export class Peer {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  #lastSeq = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket }).on('line', (line) => this.#take(line));
    socket.on('close', () => this.#end());
  }

  static async start(lab: Lab, host: Host, name = 'peer'): Promise<Peer> {
    const socketPath = path.join(lab.directory, `${name}-${host}.sock`);
    const child = lab.spawn(host, [process.execPath, PROGRAM, socketPath]);
    await child.ready(`the peer on ${host}`, START_TIMEOUT_MS, () => child.log.includes('ready'));
    const socket = connect(socketPath);
    await once(socket, 'connect');
    return new Peer(socket);
  }

  /** Throws PeerError where the connection is refused or does not come about in time. */
  async connect(address: string, port: number, options: Partial<ConnectArguments> = {}): Promise<Connection> {
    return new Connection(this, await this.call('connect', { address, port, ...options }));
  }

  /** How an attempt to connect failed, and after how many milliseconds; throws where it succeeds. */
  async refusal(address: string, port: number, timeoutMs = 5000): Promise<{ code: string; afterMs: number }> {
    const startedAt = performance.now();
    try {
      await this.call('connect', { address, port, timeoutMs });
    } catch (thrown) {
      return { code: (thrown as PeerError).code, afterMs: performance.now() - startedAt };
    }
    throw new Error(`Expected ${address} port ${port} to be refused, but it was connected`);
  }

  /** The name of the server that answers a new connection. */
  async whoAnswers(address: string, port = 80): Promise<string> {
    const connection = await this.connect(address, port);
    const name = await connection.whoAnswers({ isLast: true });
    await connection.close();
    return name;
  }

  async datagrams(address: string, port: number, localPort?: number): Promise<Datagrams> {
    const local = localPort === undefined ? {} : { localPort };
    const { id } = await this.call('openDatagrams', { address, port, ...local });
    return new Datagrams(this, id);
  }

  sampleBytes(device: string, everyMs: number, durationMs: number): Promise<readonly ByteSample[]> {
    return this.call('sampleBytes', { device, everyMs, durationMs });
  }

  call<Op extends Operation>(op: Op, args: Arguments<Op>): Promise<Result<Op>> {
    const seq = ++this.#lastSeq;
    return new Promise((resolve, reject) => {
      this.#pending.set(seq, { resolve: (result) => resolve(result as Result<Op>), reject });
      this.#socket.write(`${JSON.stringify({ seq, op, args })}\n`);
    });
  }

  #end(): void {
    for (const { reject } of this.#pending.values()) reject(new PeerError('EPIPE', 'the peer has ended'));
    this.#pending.clear();
  }

  #take(line: string): void {
    const { seq, result, error } = JSON.parse(line) as {
      seq: number;
      result?: unknown;
      error?: { code: string; message: string };
    };
    const pending = this.#pending.get(seq);
    this.#pending.delete(seq);
    if (error === undefined) pending?.resolve(result);
    else pending?.reject(new PeerError(error.code, error.message));
  }
}

/** A TCP connection of a peer. What fails rejects with a {@link PeerError}. */
export class Connection {
  readonly #peer: Peer;
  readonly #connected: Connected;

  constructor(peer: Peer, connected: Connected) {
    this.#peer = peer;
    this.#connected = connected;
  }

  get localPort(): number {
    return this.#connected.localPort;
  }

  /** Between the call on the machine and the established connection. */
  get connectMs(): number {
    return this.#connected.connectedAtMs - this.#connected.startedAtMs;
  }

  /** By the wall clock, in milliseconds. */
  get connectedAtMs(): number {
    return this.#connected.connectedAtMs;
  }

  /** Sends text to an echo server and gives back what came. */
  exchange(text: string, timeoutMs = 5000): Promise<string> {
    return this.#peer.call('exchange', { id: this.#connected.id, text, timeoutMs });
  }

  /** Asks an HTTP server; the connection stays open. */
  ask(path: string, timeoutMs = 5000): Promise<string> {
    return this.#peer.call('ask', { id: this.#connected.id, path, timeoutMs });
  }

  async whoAnswers({ isLast = false } = {}): Promise<string> {
    return (await this.#peer.call('ask', { id: this.#connected.id, isLast })).trim();
  }

  /** How the far end ended the connection: EOF or an errno's name. */
  ended(timeoutMs = 5000): Promise<string> {
    return this.#peer.call('ended', { id: this.#connected.id, timeoutMs });
  }

  pingPong(durationMs: number): Promise<readonly RoundTrip[]> {
    return this.#peer.call('pingPong', { id: this.#connected.id, durationMs });
  }

  close(): Promise<void> {
    return this.#peer.call('close', { id: this.#connected.id });
  }

  abort(): Promise<void> {
    return this.#peer.call('abort', { id: this.#connected.id });
  }
}

/** A connected UDP socket of a peer: one flow. */
export class Datagrams {
  readonly #peer: Peer;
  readonly #id: number;

  constructor(peer: Peer, id: number) {
    this.#peer = peer;
    this.#id = id;
  }

  ask(text: string, timeoutMs = 2000): Promise<string> {
    return this.#peer.call('askDatagram', { id: this.#id, text, timeoutMs });
  }

  close(): Promise<void> {
    return this.#peer.call('closeDatagrams', { id: this.#id });
  }
}
