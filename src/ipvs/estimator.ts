/** How an estimator scales what it counts, so that integers hold fractions of it. */
interface Scale {
  /** Growth of the count in one period to scaled rate per second. */
  readonly perPeriod: number;
  /** Scaled rate to rate. */
  readonly perUnit: number;
}

/** Source: net/netfilter/ipvs/ip_vs_est.c, the comment at its head and ip_vs_chain_estimation. */
export const EVENT_SCALE: Scale = { perPeriod: 1 << 9, perUnit: 1 << 10 };
/** For bytes, whose rates are large: 5 bits of fraction instead of 10. */
export const BYTE_SCALE: Scale = { perPeriod: 1 << 4, perUnit: 1 << 5 };

/** Length of an estimation period in milliseconds: `tick` is to be called once in each. */
export const ESTIMATION_PERIOD_MS = 2000;

/** The newest period's share in the average is 1 in this many. */
const AVERAGING_DIVISOR = 4;

/**
 * An exponentially weighted moving average of a counter's growth per second, figure for figure the kernel's.
 *
 * Floating division and floor stand for the kernel's 64-bit shifts, which JavaScript's shifts (32 bits) cannot do;
 * exact while the scaled rates stay below 2^53.
 *
 * Source: net/netfilter/ipvs/ip_vs_est.c, ip_vs_chain_estimation and ip_vs_read_estimator.
 */
export class Estimator {
  readonly #scale: Scale;
  #lastCount = 0;
  #scaledRate = 0;

  constructor(scale: Scale) {
    this.#scale = scale;
  }

  /** Takes in the count at the end of a period. */
  tick(count: number): void {
    const scaledRate = (count - this.#lastCount) * this.#scale.perPeriod;
    this.#lastCount = count;
    this.#scaledRate += Math.floor((scaledRate - this.#scaledRate) / AVERAGING_DIVISOR);
  }

  /** Forgets the rate; growth is measured from `count` on. */
  reset(count: number): void {
    this.#lastCount = count;
    this.#scaledRate = 0;
  }

  /** The count at the last tick or reset; 0 before the first. */
  get lastCount(): number {
    return this.#lastCount;
  }

  /** Per second, rounded up as the kernel does. */
  get rate(): number {
    const { perUnit } = this.#scale;
    return Math.floor((this.#scaledRate + perUnit / 2 - 1) / perUnit);
  }
}
