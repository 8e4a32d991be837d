import type { SchedulerEnvironment } from '../../src/scheduling/environment.js';
import { Dice } from '../lab/dice.js';

/** An environment whose clock stands until it is set, and whose random numbers are the same in every run. */
export class TrialEnvironment implements SchedulerEnvironment {
  now = 0;
  readonly expiration = { lblc: 86_400, lblcr: 86_400 };
  readonly #dice: Dice;

  constructor(seed = 1) {
    this.#dice = new Dice(seed);
  }

  nowMs(): number {
    return this.now;
  }

  random(): number {
    return this.#dice.fraction();
  }

  expirationSeconds(scheduler: 'lblc' | 'lblcr'): number {
    return this.expiration[scheduler];
  }
}
