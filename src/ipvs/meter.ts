import { COUNTER_NAMES, type CounterName, differenceOf, zeroCounters } from './counters.js';
import type { RawCounters } from './data-plane.js';
import { BYTE_SCALE, Estimator, EVENT_SCALE } from './estimator.js';
import type { Counters, Rates } from './listing.js';

/**
 * What is shown of a growing total: its counters since they were last zeroed, and its rates. Zeroing leaves the total
 * alone and remembers where it was.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_zero_stats and ip_vs_copy_stats. Differs from the kernel: counters
 * are live, where the kernel shows what its estimator last saw up to 2 s ago.
 */
export class Meter {
  #zeroPoint: RawCounters = zeroCounters();
  readonly #estimators: Readonly<Record<CounterName, Estimator>> = {
    connections: new Estimator(EVENT_SCALE),
    inPackets: new Estimator(EVENT_SCALE),
    outPackets: new Estimator(EVENT_SCALE),
    inBytes: new Estimator(BYTE_SCALE),
    outBytes: new Estimator(BYTE_SCALE),
  };

  /** To be called once in every estimation period. */
  tick(total: Readonly<RawCounters>): void {
    for (const name of COUNTER_NAMES) this.#estimators[name].tick(total[name]);
  }

  zero(total: Readonly<RawCounters>): void {
    this.#zeroPoint = { ...total };
    for (const name of COUNTER_NAMES) this.#estimators[name].reset(total[name]);
  }

  counters(total: Readonly<RawCounters>): Counters {
    return differenceOf(total, this.#zeroPoint);
  }

  rates(): Rates {
    const rates = zeroCounters();
    for (const name of COUNTER_NAMES) rates[name] = this.#estimators[name].rate;
    return rates;
  }
}
