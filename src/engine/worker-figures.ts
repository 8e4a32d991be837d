import type { Addon, NativeEngine } from './addon.js';

/** In a block of counters: native/core/counters.h, WorkerCounters. */
const COUNTER_CELLS = 64;

/** How long upcalls took, from the packet's parking to its verdict. */
export interface UpcallLatency {
  readonly count: number;
  readonly sumSeconds: number;
  /** Ascending; `count` is how many took at most `upperSeconds`, so counts never fall from one to the next. */
  readonly buckets: readonly { readonly upperSeconds: number; readonly count: number }[];
}

/** What the workers count, read from the memory that they count in. */
export class WorkerFigures {
  readonly #counterNames: readonly string[];
  readonly #counters: BigUint64Array;
  readonly #latency: BigUint64Array;
  readonly #latencyBoundsUs: readonly number[];

  constructor(
    native: Pick<NativeEngine, 'counterMemory' | 'latencyMemory'>,
    { counterNames, latencyBoundsUs }: Pick<Addon, 'counterNames' | 'latencyBoundsUs'>,
  ) {
    this.#counterNames = counterNames;
    this.#counters = new BigUint64Array(native.counterMemory);
    this.#latency = new BigUint64Array(native.latencyMemory);
    this.#latencyBoundsUs = latencyBoundsUs;
  }

  /** The workers' counters by name: packets by verdict, drops by reason. */
  counters(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#counterNames.map((name, cell) => [name, this.#counted(cell)]));
  }

  #counted(cell: number): number {
    let sum = 0;
    for (let at = cell; at < this.#counters.length; at += COUNTER_CELLS)
      sum += Number(this.#counters[at] ?? 0n);
    return sum;
  }

  upcallLatency(): UpcallLatency {
    const [nanoseconds = 0n, ...cells] = this.#latency;
    let count = 0;
    const buckets = this.#latencyBoundsUs.map((boundUs, index) => {
      count += Number(cells[index] ?? 0n);
      return { upperSeconds: boundUs / 1e6, count };
    });
    return { count: count + Number(cells.at(-1) ?? 0n), sumSeconds: Number(nanoseconds) / 1e9, buckets };
  }
}
