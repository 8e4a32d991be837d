import assert from 'node:assert/strict';
import type {
  FiveTuple,
  SchedulableDestination,
  SchedulableService,
  Scheduler,
} from '../../src/ipvs/scheduler.js';
import { FLOW } from '../ipvs/specs.js';
import { MANY_FLOWS } from './flows.js';

/** A destination whose every property a test may set. */
export interface TrialDestination extends SchedulableDestination {
  weight: number;
  lastWeight: number;
  isOverloaded: boolean;
  activeConnections: number;
  inactiveConnections: number;
}

/** A service in plain arrays that calls a scheduler's hooks as the contract says. */
export class TrialService implements SchedulableService<unknown> {
  readonly family = 4;
  readonly destinations: TrialDestination[];
  readonly state: unknown;
  schedulerFlags = 0;
  readonly #scheduler: Scheduler;
  #added: number;

  /**
   * @param weights of destinations added one after another, so that the last one is the first in the list
   * @param before destinations that were there before the scheduler
   */
  constructor(
    scheduler: Scheduler,
    weights: readonly number[] = [],
    before: readonly TrialDestination[] = [],
  ) {
    this.#scheduler = scheduler;
    this.destinations = [...before];
    this.#added = before.length;
    this.state = scheduler.init?.(this);
    for (const weight of weights) this.add(weight);
  }

  add(
    weight: number,
    address = `10.1.${(this.#added + 1) >> 8}.${(this.#added + 1) & 255}`,
  ): TrialDestination {
    this.#added += 1;
    const counts = { activeConnections: 0, inactiveConnections: 0 };
    const destination = { address, port: 80, weight, lastWeight: weight, isOverloaded: false, ...counts };
    this.addAgain(destination);
    return destination;
  }

  /** Adds a destination that was removed. */
  addAgain(destination: TrialDestination): void {
    this.destinations.unshift(destination);
    this.#scheduler.destinationAdded?.(this, destination, 0);
  }

  remove(index: number): void {
    const [destination] = this.destinations.splice(index, 1);
    assert.ok(destination);
    this.#scheduler.destinationRemoved?.(this, destination, index);
  }

  edit(index: number, weight: number): void {
    const destination = this.destinations[index]!;
    destination.weight = weight;
    if (weight !== 0) destination.lastWeight = weight;
    this.#scheduler.destinationEdited?.(this, destination);
  }

  /** Index of the destination for a new connection, which it then has; undefined for none. */
  choose(flow: FiveTuple = FLOW): number | undefined {
    const chosen = this.#scheduler.schedule(this, flow);
    if (chosen === undefined) return undefined;
    const index = this.destinations.findIndex(({ address }) => address === chosen.address);
    assert.notEqual(index, -1, 'the choice is a destination of the service');
    this.destinations[index]!.activeConnections += 1;
    return index;
  }

  /** As `choose` for the first of many flows that somebody takes. */
  chooseAny(): number | undefined {
    for (const flow of MANY_FLOWS) {
      const chosen = this.choose(flow);
      if (chosen !== undefined) return chosen;
    }
    return undefined;
  }

  isUsable(index: number): boolean {
    const { weight, isOverloaded } = this.destinations[index]!;
    return weight > 0 && !isOverloaded;
  }
}
