import type { SchedulerEnvironment } from '../../src/scheduling/environment.js';

/** An environment whose clock stands until it is set, and whose random numbers are the same in every run. */
export class TrialEnvironment implements SchedulerEnvironment {
  now = 0;
  readonly expiration = { lblc: 86_400, lblcr: 86_400 };
  #random: number;

  constructor(seed = 1) {
    this.#random = seed >>> 0;
  }

  nowMs(): number {
    return this.now;
  }

  /** Source: Tommy Ettinger's mulberry32. */
  random(): number {
    this.#random = (this.#random + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#random ^ (this.#random >>> 15), this.#random | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  expirationSeconds(scheduler: 'lblc' | 'lblcr'): number {
    return this.expiration[scheduler];
  }
}
