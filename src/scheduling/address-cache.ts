import { LRUCache } from 'lru-cache';
import type { SchedulableDestination } from '../ipvs/scheduler.js';
import type { SchedulerEnvironment } from './environment.js';

/** Specification. Source: ip_vs_lblc.c, IP_VS_LBLC_TAB_SIZE * 16. */
const MAX_ENTRIES = 16_384;
/**
 * Specification. Source: ip_vs_lblc.c, COUNT_FOR_FULL_EXPIRATION times CHECK_EXPIRE_INTERVAL. The latter is 60 s, which
 * the kernel's timer wheel (kernel/time/timer.c) rounds up to 61.44 s.
 */
const CHECK_INTERVAL_MS = 30 * 61_440;
const MS_PER_SECOND = 1000;

interface Entry<Value> {
  value: Value;
  lastUseMs: number;
}

/**
 * What lblc and lblcr remember of the addresses that clients called: one value an address. Entries that were not asked
 * for during the expiration time go, but only every 30.72 minutes, counted from when the cache was made, as in the
 * kernel.
 *
 * Source: net/netfilter/ipvs/ip_vs_lblc.c, ip_vs_lblc_full_check and ip_vs_lblc_check_expire. Differs from the kernel:
 * no timer runs, an entry that a check would have dropped is dropped when it is next asked for; and above 16384
 * entries the one longest unused goes at once, where the kernel grows and drops some once a minute.
 */
export class AddressCache<Value> {
  readonly #environment: SchedulerEnvironment;
  readonly #scheduler: 'lblc' | 'lblcr';
  readonly #bornMs: number;
  /** Bounded by size and not by `max`, which would take the memory of all entries at once. */
  readonly #entries = new LRUCache<number | string, Entry<Value>>({
    maxSize: MAX_ENTRIES,
    sizeCalculation: () => 1,
  });
  /** The latest IPv6 address and its key, so that a service with one address makes its text once. */
  #latestWords = new Uint32Array(0);
  #latestKey = '';

  constructor(environment: SchedulerEnvironment, scheduler: 'lblc' | 'lblcr') {
    this.#environment = environment;
    this.#scheduler = scheduler;
    this.#bornMs = environment.nowMs();
  }

  /** What is remembered of an address, which is hereby used; undefined for nothing. Allocates nothing. */
  use(words: Uint32Array): Value | undefined {
    const key = this.#keyOf(words);
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    const nowMs = this.#environment.nowMs();
    if (this.#isExpired(entry, nowMs)) {
      this.#entries.delete(key);
      return undefined;
    }
    entry.lastUseMs = nowMs;
    return entry.value;
  }

  /** Remembers `value` of an address, in place of what was there. */
  put(words: Uint32Array, value: Value): void {
    this.#entries.set(this.#keyOf(words), { value, lastUseMs: this.#environment.nowMs() });
  }

  /** Puts what `change` makes of each value in its place; none is thereby used. */
  change(change: (value: Value) => Value): void {
    this.#entries.forEach((entry) => {
      entry.value = change(entry.value);
    });
  }

  /** Whether a check took place, and the latest one found the entry unused for long enough. */
  #isExpired({ lastUseMs }: Entry<Value>, nowMs: number): boolean {
    const checks = Math.floor((nowMs - this.#bornMs) / CHECK_INTERVAL_MS);
    const latestCheckMs = this.#bornMs + checks * CHECK_INTERVAL_MS;
    const expirationMs = this.#environment.expirationSeconds(this.#scheduler) * MS_PER_SECOND;
    return checks > 0 && latestCheckMs >= lastUseMs + expirationMs;
  }

  #keyOf(words: Uint32Array): number | string {
    // A signed number is one that V8 need not put on the heap.
    if (words.length === 1) return (words[0] ?? 0) | 0;
    if (!areEqual(words, this.#latestWords)) {
      this.#latestWords = words.slice();
      this.#latestKey = words.join();
    }
    return this.#latestKey;
  }
}

/**
 * `added` in place of a remembered destination of the same address and port, which was deleted and forgotten by all
 * others; otherwise the remembered one. In the kernel what a cache remembers is not forgotten, so that it is the same
 * one when it is added again.
 */
export function renewed(
  remembered: SchedulableDestination,
  added: SchedulableDestination,
): SchedulableDestination {
  return remembered.port === added.port && remembered.address === added.address ? added : remembered;
}

function areEqual(left: Uint32Array, right: Uint32Array): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index += 1) if (left[index] !== right[index]) return false;
  return true;
}
