import { COUNTER_NAMES, type CounterName, isZero, NO_COUNTERS, subtract, zeroCounters } from './counters.js';
import type { RawCounters } from './data-plane.js';
import { BYTE_SCALE, Estimator, EVENT_SCALE } from './estimator.js';
import type { Counters, Rates } from './listing.js';

type Estimators = Readonly<Record<CounterName, Estimator>>;

function makeEstimators(): Estimators {
  return {
    connections: new Estimator(EVENT_SCALE),
    inPackets: new Estimator(EVENT_SCALE),
    outPackets: new Estimator(EVENT_SCALE),
    inBytes: new Estimator(BYTE_SCALE),
    outBytes: new Estimator(BYTE_SCALE),
  };
}

/**
 * What is shown of a growing total: its counters since they were last zeroed, and its rates. Zeroing leaves the total
 * alone and remembers where it was. One whose total was never above 0 takes next to no memory: there may be 100,000.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_zero_stats and ip_vs_copy_stats. Differs from the kernel: counters
 * are live, where the kernel shows what its estimator last saw up to 2 s ago. While estimation is switched off they
 * stand still here too.
 */
export class Meter {
  #zeroPoint: Readonly<RawCounters> | null = null;
  #estimators: Estimators | null = null;

  /** To be called once in every estimation period. */
  tick(total: Readonly<RawCounters>): void {
    if (this.#estimators === null) {
      if (isZero(total)) return;
      this.#estimators = makeEstimators();
    }
    const estimators = this.#estimators;
    // Field by field: see counters.ts.
    estimators.connections.tick(total.connections);
    estimators.inPackets.tick(total.inPackets);
    estimators.outPackets.tick(total.outPackets);
    estimators.inBytes.tick(total.inBytes);
    estimators.outBytes.tick(total.outBytes);
  }

  zero(total: Readonly<RawCounters>): void {
    if (isZero(total)) return;
    this.#zeroPoint = { ...total };
    this.#estimators ??= makeEstimators();
    for (const name of COUNTER_NAMES) this.#estimators[name].reset(total[name]);
  }

  /** Since the last zero or, where estimation is switched off, from then to the last tick. */
  shown(total: Readonly<RawCounters>, isEstimating: boolean): Counters {
    return isEstimating ? this.counters(total) : this.countersAtLastTick();
  }

  /** Since the last zero. */
  counters(total: Readonly<RawCounters>): Counters {
    if (isZero(total)) return NO_COUNTERS;
    const counters = { ...total };
    if (this.#zeroPoint !== null) subtract(counters, this.#zeroPoint);
    return counters;
  }

  /** From the last zero to the last tick. */
  countersAtLastTick(): Counters {
    if (this.#estimators === null) return NO_COUNTERS;
    const total = zeroCounters();
    for (const name of COUNTER_NAMES) total[name] = this.#estimators[name].lastCount;
    return this.counters(total);
  }

  rates(): Rates {
    if (this.#estimators === null) return NO_COUNTERS;
    const rates = zeroCounters();
    for (const name of COUNTER_NAMES) rates[name] = this.#estimators[name].rate;
    return rates;
  }
}
