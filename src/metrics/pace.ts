/**
 * How much of the event loop background work may take.
 *
 * Work comes in pieces of a tenth of a millisecond at most. Within a pass, one or two are followed by a pause of nineteen times
 * their length, so that a new connection waits for no longer than they take and the pass costs a twentieth of a core while it
 * runs; after the pass there is a rest, so that over time it is a fiftieth.
 */
import { setTimeout as delay } from 'node:timers/promises';

/** Implementation: see above. */
const PAUSE_FACTOR = 19;
const REST_FACTOR = 50;
/** Work shorter than this is not worth a pause. */
const SHORT_WORK_MS = 0.1;

/** Time as the pace needs it; tests have their own. */
export interface Clock {
  /** Milliseconds since any moment; never goes back. */
  now(): number;
  /** Rejects when the signal is aborted. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wait: async (ms, signal) => {
    await delay(ms, undefined, { signal });
  },
};

/** One pass over something large. */
export class Pass {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #busyMs = 0;
  #sincePauseMs = 0;

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
  }

  /** The same items, with pauses between them. Making an item is the work that is measured. Rejects when aborted. */
  async *paced<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
    const iterator = items[Symbol.iterator]();
    try {
      for (;;) {
        const { done, value } = this.#measured(() => iterator.next());
        if (done) return;
        yield value;
        await this.#pause();
      }
    } finally {
      iterator.return?.();
    }
  }

  /** How long to rest before the next pass: `leastMs`, or longer where this one was long. */
  restMs(leastMs: number): number {
    return Math.max(leastMs, this.#busyMs * REST_FACTOR);
  }

  #measured<Result>(work: () => Result): Result {
    const before = this.#clock.now();
    const result = work();
    const lastedMs = this.#clock.now() - before;
    this.#busyMs += lastedMs;
    this.#sincePauseMs += lastedMs;
    return result;
  }

  async #pause(): Promise<void> {
    if (this.#sincePauseMs < SHORT_WORK_MS) return;
    await this.#clock.wait(this.#sincePauseMs * PAUSE_FACTOR, this.#signal);
    this.#sincePauseMs = 0;
  }
}
