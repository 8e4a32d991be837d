import assert from 'node:assert/strict';
import type { SchedulableDestination, SchedulableService, Scheduler } from '../../src/ipvs/scheduler.js';
import { FLOW } from '../ipvs/specs.js';

/** A destination whose every property a test may set. */
export interface TrialDestination extends SchedulableDestination {
  weight: number;
  isOverloaded: boolean;
  activeConnections: number;
  inactiveConnections: number;
}

/** A service in plain arrays that calls a scheduler's hooks as the contract says. */
export class TrialService implements SchedulableService<unknown> {
  readonly destinations: TrialDestination[] = [];
  readonly schedulerFlags = 0;
  readonly state: unknown;
  readonly #scheduler: Scheduler;
  #added = 0;

  /** @param weights of destinations added one after another, so that the last one is the first in the list */
  constructor(scheduler: Scheduler, weights: readonly number[] = []) {
    this.#scheduler = scheduler;
    this.state = scheduler.init?.(this);
    for (const weight of weights) this.add(weight);
  }

  add(weight: number): TrialDestination {
    this.#added += 1;
    const address = `10.1.0.${this.#added}`;
    const counts = { activeConnections: 0, inactiveConnections: 0 };
    const destination = { address, port: 80, weight, isOverloaded: false, ...counts };
    this.destinations.unshift(destination);
    this.#scheduler.destinationAdded?.(this, destination);
    return destination;
  }

  remove(index: number): void {
    const [destination] = this.destinations.splice(index, 1);
    assert.ok(destination);
    this.#scheduler.destinationRemoved?.(this, destination, index);
  }

  edit(index: number, weight: number): void {
    const destination = this.destinations[index]!;
    destination.weight = weight;
    this.#scheduler.destinationEdited?.(this, destination);
  }

  /** Index of the destination for a new connection, which it then has; undefined for none. */
  choose(): number | undefined {
    const chosen = this.#scheduler.schedule(this, FLOW);
    if (chosen === undefined) return undefined;
    const index = this.destinations.findIndex(({ address }) => address === chosen.address);
    assert.notEqual(index, -1, 'the choice is a destination of the service');
    this.destinations[index]!.activeConnections += 1;
    return index;
  }

  isUsable(index: number): boolean {
    const { weight, isOverloaded } = this.destinations[index]!;
    return weight > 0 && !isOverloaded;
  }
}
