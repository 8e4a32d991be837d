/** What the program of a peer can do; see peer-program.ts. Times are in milliseconds of the wall clock. */
export interface Operations {
  /** Opens a TCP connection. Fails with ECONNREFUSED and the like, ETIMEDOUT after `timeoutMs` (default 5000). */
  connect(args: ConnectArguments): Promise<Connected>;
  /** Sends `text` and gives back as many bytes as were sent. Fails with ETIMEDOUT, ECONNRESET, EOF. */
  exchange(args: Waiting & { readonly text: string }): Promise<string>;
  /** Sends a GET and gives back the body. `isLast` asks the server to close. Fails as `exchange` does. */
  ask(args: Waiting & { readonly path?: string; readonly isLast?: boolean }): Promise<string>;
  /** Waits for the far end to close: EOF, or the code of the error. */
  ended(args: Waiting): Promise<string>;
  /** Closes in an orderly way; returns when the far end has closed too. */
  close(args: Held): Promise<void>;
  /** Closes by RST. */
  abort(args: Held): Promise<void>;
  /** Exchanges four bytes again and again for `durationMs`. */
  pingPong(args: Held & { readonly durationMs: number }): Promise<readonly RoundTrip[]>;
  /** Makes a connected UDP socket. */
  openDatagrams(args: ConnectArguments): Promise<Held>;
  /** Sends a datagram and gives back the next that comes. Fails with ECONNREFUSED, ETIMEDOUT (default 2000). */
  askDatagram(args: Waiting & { readonly text: string }): Promise<string>;
  /** Gives up its port. */
  closeDatagrams(args: Held): Promise<void>;
  /** Reads a device's byte counters every `everyMs` for `durationMs`. */
  sampleBytes(args: {
    readonly device: string;
    readonly everyMs: number;
    readonly durationMs: number;
  }): Promise<readonly ByteSample[]>;
}

export type Operation = keyof Operations;
export type Arguments<Op extends Operation> = Parameters<Operations[Op]>[0];
export type Result<Op extends Operation> = Awaited<ReturnType<Operations[Op]>>;

export interface ConnectArguments {
  readonly address: string;
  readonly port: number;
  readonly localPort?: number;
  readonly timeoutMs?: number;
}

export interface Held {
  readonly id: number;
}

export interface Waiting extends Held {
  readonly timeoutMs?: number;
}

export interface Connected extends Held {
  readonly localPort: number;
  readonly startedAtMs: number;
  readonly connectedAtMs: number;
}

export interface RoundTrip {
  readonly atMs: number;
  readonly durationMs: number;
}

export interface ByteSample {
  readonly atMs: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
}
