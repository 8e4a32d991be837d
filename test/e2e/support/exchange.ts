/**
 * Many TCP connections to an echo server that exchange data until SIGTERM: every connection sends a block of a stream of
 * its own, waits until all of it has come back, compares it, and sends the next one a little later.
 *
 *   exchange.js ADDRESS PORT CONNECTIONS INTERVAL_MS REPORT GO_ON_MS|tcp
 *
 * Prints `ready` when all have exchanged a block. At SIGTERM it asks each connection for one more whole round, which it
 * has so long for, and writes an {@link ExchangeReport} into a file, as JSON.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Child } from '../../lab/child.js';
import type { Lab } from '../../lab/lab.js';

export interface ExchangeReport {
  readonly connections: number;
  readonly blocks: number;
  /** Connections that ended, by the error's code, or END. */
  readonly ended: Readonly<Record<string, number>>;
  /** Connections that got other bytes than they sent. */
  readonly wrong: number;
  /** Connections that neither ended nor made a whole round after they were told to finish, by number. */
  readonly stuck: readonly number[];
  /**
   * Blocks that took long to come back, and those that had not yet: connection, when it was sent (Date.now()), how long it
   * took or has taken, in ms.
   */
  readonly slow: readonly (readonly [number, number, number])[];
}

const PROGRAM = fileURLToPath(import.meta.url);
const READY_MS = 60_000;

/** Longer than an undisturbed echo takes. */
const SLOW_MS = 100;
/**
 * How long a connection has for its last round, beside as long as the exchange has lasted: TCP doubles its pauses, and so
 * waits at most as long again as it has waited.
 */
const GO_ON_MS = 15_000;
/** Of a test that has disturbed connections for minutes. */
const FINISH_LIMIT_MS = 600_000;
const BLOCK_BYTES = 1500;
const CONNECTS_AT_ONCE = 100;

class Exchange {
  readonly #index: number;
  readonly #socket: Socket;
  readonly #intervalMs: number;
  readonly #slow: [number, number, number][];
  readonly #block = Buffer.alloc(BLOCK_BYTES);
  #round = 0;
  #received = 0;
  #sentAt = 0;
  #isUnderWay = false;
  end: string | null = null;
  isWrong = false;

  constructor(socket: Socket, index: number, intervalMs: number, slow: [number, number, number][]) {
    this.#socket = socket;
    this.#index = index;
    this.#intervalMs = intervalMs;
    this.#slow = slow;
    socket.setNoDelay(true);
    socket.on('data', (bytes) => this.#take(bytes));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      this.end = error.code ?? error.message;
    });
    socket.on('close', () => {
      this.end ??= 'END';
    });
    this.#send();
  }

  get blocks(): number {
    return this.#round;
  }

  /** How many blocks there will be when it has made a whole round that begins from now on. */
  get nextRound(): number {
    return this.#round + (this.#isUnderWay ? 2 : 1);
  }

  get isOver(): boolean {
    return this.end !== null || this.isWrong;
  }

  /** Notes the block that is under way, if it takes long. */
  noteUnderWay(): void {
    if (this.#isUnderWay && !this.isOver) this.#note();
  }

  #note(): void {
    const tookMs = Date.now() - this.#sentAt;
    if (tookMs >= SLOW_MS) this.#slow.push([this.#index, this.#sentAt, tookMs]);
  }

  #send(): void {
    if (this.isOver) return;
    // Of no other connection, and of no other round.
    for (let at = 0; at < BLOCK_BYTES; at += 4) {
      this.#block.writeUInt32LE((this.#index * 0x9e3779b1 + this.#round * 0x85ebca6b + at) >>> 0, at);
    }
    this.#received = 0;
    this.#sentAt = Date.now();
    this.#isUnderWay = true;
    this.#socket.write(Buffer.from(this.#block));
  }

  #take(bytes: Buffer): void {
    const expected = this.#block.subarray(this.#received, this.#received + bytes.length);
    this.#received += bytes.length;
    if (!expected.equals(bytes)) {
      this.isWrong = true;
      return;
    }
    if (this.#received < BLOCK_BYTES) return;
    this.#note();
    this.#isUnderWay = false;
    this.#round += 1;
    setTimeout(() => this.#send(), this.#intervalMs);
  }
}

/** Many connections of the client's that exchange data from now on. */
export class RunningExchange {
  static #started = 0;
  readonly #child: Child;
  readonly #file: string;

  private constructor(child: Child, file: string) {
    this.#child = child;
    this.#file = file;
  }

  /**
   * Returns when each has exchanged a block.
   *
   * @param goOnMs how long a connection may take for its last round; null: as long as TCP may need
   */
  static async start(
    lab: Lab,
    to: { readonly address: string; readonly port: number },
    connections: number,
    intervalMs: number,
    goOnMs: number | null = null,
  ): Promise<RunningExchange> {
    const file = path.join(lab.directory, `exchange-${++RunningExchange.#started}.json`);
    const words = [to.address, to.port, connections, intervalMs, file, goOnMs ?? 'tcp'].map(String);
    const child = lab.spawn('client', [process.execPath, PROGRAM, ...words]);
    await child.ready('the connections to exchange data', READY_MS, () => child.log.includes('ready'));
    return new RunningExchange(child, file);
  }

  /** To be called when nothing disturbs them any more: settles when each has shown that it goes on, or that it does not. */
  async finish(): Promise<ExchangeReport> {
    await this.#child.stop(FINISH_LIMIT_MS);
    return JSON.parse(readFileSync(this.#file, 'utf8')) as ExchangeReport;
  }
}

/** Fails unless all connections are there, got the bytes that they sent and go on. */
export function assertUnharmed(report: ExchangeReport, connections: number): void {
  const { ended, wrong, stuck, connections: present } = report;
  assert.deepEqual(
    { ended, wrong, stuck, connections: present },
    { ended: {}, wrong: 0, stuck: [], connections },
  );
}

/** Those that are not over and do not make a whole round within so long. */
async function findStuck(exchanges: readonly Exchange[], goOnMs: number): Promise<readonly number[]> {
  const goals = exchanges.map(({ nextRound }) => nextRound);
  const endsAt = performance.now() + goOnMs;
  const waiting = (): number[] =>
    [...exchanges.keys()].filter((at) => {
      const exchange = exchanges[at];
      return exchange !== undefined && !exchange.isOver && exchange.blocks < (goals[at] ?? 0);
    });
  while (waiting().length > 0 && performance.now() < endsAt) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return waiting();
}

async function main(): Promise<void> {
  const [address = '', port = '', count = '', intervalMs = '', file = '', goOnMs = ''] =
    process.argv.slice(2);
  const slow: [number, number, number][] = [];
  const exchanges: Exchange[] = [];
  const open = (index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const socket = connect(Number(port), address);
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        exchanges.push(new Exchange(socket, index, Number(intervalMs), slow));
        resolve();
      });
    });
  for (let from = 0; from < Number(count); from += CONNECTS_AT_ONCE) {
    const many = Math.min(CONNECTS_AT_ONCE, Number(count) - from);
    await Promise.all(Array.from({ length: many }, (_, index) => open(from + index)));
  }
  while (exchanges.some(({ blocks, end }) => blocks === 0 && end === null)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  slow.length = 0;
  process.stdout.write('ready\n');
  const readyAt = performance.now();
  process.once('SIGTERM', async () => {
    const patienceMs = goOnMs === 'tcp' ? GO_ON_MS + performance.now() - readyAt : Number(goOnMs);
    const stuck = await findStuck(exchanges, patienceMs);
    for (const exchange of exchanges) exchange.noteUnderWay();
    const ended: Record<string, number> = {};
    for (const { end } of exchanges) if (end !== null) ended[end] = (ended[end] ?? 0) + 1;
    const report: ExchangeReport = {
      connections: exchanges.length,
      blocks: exchanges.reduce((sum, { blocks }) => sum + blocks, 0),
      ended,
      wrong: exchanges.filter(({ isWrong }) => isWrong).length,
      stuck,
      slow,
    };
    writeFileSync(file, JSON.stringify(report));
    process.exit(0);
  });
}

if (process.argv[1] === PROGRAM) await main();
