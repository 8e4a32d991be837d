import type { Clock } from '../../src/metrics/pace.js';

interface Waiter {
  readonly ms: number;
  readonly dueMs: number;
  readonly resolve: () => void;
}

/** A clock that goes on only when told to. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #waiters: Waiter[] = [];
  #quiet: { readonly count: number; readonly resolve: () => void } | undefined;

  now(): number {
    return this.#nowMs;
  }

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const onAbort = (): void => reject(signal.reason);
      signal.addEventListener('abort', onAbort);
      const onDue = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiters.push({ ms, dueMs: this.#nowMs + ms, resolve: onDue });
      if (this.#waiters.length === this.#quiet?.count) this.#quiet.resolve();
    });
  }

  /** How long each of those that wait now wanted to wait, in milliseconds, shortest first. */
  get waits(): readonly number[] {
    return this.#waiters.map(({ ms }) => ms).sort((a, b) => a - b);
  }

  /** Settles when so many wait. */
  async quiet(count: number): Promise<void> {
    if (this.#waiters.length === count) return;
    await new Promise<void>((resolve) => {
      this.#quiet = { count, resolve };
    });
  }

  /** Lets time go by; those whose time has come go on. */
  advance(ms: number): void {
    this.#nowMs += ms;
    const due = this.#waiters.filter(({ dueMs }) => dueMs <= this.#nowMs);
    this.#waiters = this.#waiters.filter(({ dueMs }) => dueMs > this.#nowMs);
    for (const { resolve } of due) resolve();
  }
}
