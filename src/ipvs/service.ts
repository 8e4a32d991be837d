import { messageOf, UipvsError } from '../base/error.js';
import { differenceOf, sumOf, zeroCounters } from './counters.js';
import type { RawCounters } from './data-plane.js';
import { Destination } from './destination.js';
import type { ServiceListing } from './listing.js';
import { Meter } from './meter.js';
import { serviceName } from './name.js';
import type { FiveTuple, SchedulableDestination, SchedulableService, Scheduler } from './scheduler.js';
import type { DestinationKey, ServiceKey, ServiceSpec } from './specification.js';
import { isUsable } from './usable.js';

/** What `schedule` answers where no destination can take the connection. */
export const NO_DESTINATION = -1;

/** What others than the director may see of a service. */
export interface ServiceView {
  readonly id: number;
  readonly key: ServiceKey;
  readonly spec: ServiceSpec;
  /** How often the scheduler threw or chose a destination that it must not choose. */
  readonly schedulerFailures: number;
  /** The latest of these failures in a sentence. */
  readonly lastSchedulerFailure: string | null;
}

/**
 * A virtual service with its destinations and the memory of its scheduler.
 *
 * Schedulers may be a user's own, so nothing they do is trusted: what they throw is counted, and so is a choice that
 * is not a usable destination of this service; the first usable destination is taken instead.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c and ip_vs_sched.c, struct ip_vs_service.
 */
export class Service implements SchedulableService<unknown>, ServiceView {
  readonly id: number;
  state: unknown;
  #spec: ServiceSpec;
  /** Null for the scheduler named "none": every new connection is refused. */
  #scheduler: Scheduler | null = null;
  /** Newest first. */
  readonly #destinations: Destination[] = [];
  readonly #meter = new Meter();
  /** Sum of the totals of destinations that were deleted. */
  #retired: RawCounters = zeroCounters();
  #schedulerFailures = 0;
  #lastSchedulerFailure: string | null = null;

  /** @throws UipvsError EINVAL where the scheduler's `init` throws */
  constructor(id: number, spec: ServiceSpec, scheduler: Scheduler | null) {
    this.id = id;
    this.#spec = spec;
    this.#takeScheduler(scheduler);
  }

  get key(): ServiceKey {
    return this.#spec.key;
  }

  get spec(): ServiceSpec {
    return this.#spec;
  }

  get destinations(): readonly Destination[] {
    return this.#destinations;
  }

  get schedulerFlags(): number {
    return this.#spec.schedulerFlags;
  }

  get schedulerFailures(): number {
    return this.#schedulerFailures;
  }

  get lastSchedulerFailure(): string | null {
    return this.#lastSchedulerFailure;
  }

  find(key: DestinationKey): Destination | undefined {
    return this.#destinations.find(({ address, port }) => address === key.address && port === key.port);
  }

  /** Another scheduler starts afresh; the same one goes on with the memory it has. */
  edit(spec: ServiceSpec, scheduler: Scheduler | null): void {
    const previous = this.#spec;
    this.#spec = spec;
    if (scheduler === this.#scheduler) return;
    try {
      this.#takeScheduler(scheduler);
    } catch (thrown) {
      this.#spec = previous;
      throw thrown;
    }
  }

  /** Puts a new destination, or one back from the trash, at the head. */
  add(destination: Destination): void {
    this.#retired = differenceOf(this.#retired, destination.total());
    this.#destinations.unshift(destination);
    destination.service = this;
    this.#tell((scheduler) => scheduler.destinationAdded?.(this, destination));
  }

  /** Tells the scheduler of a destination's edit. */
  noteEdit(destination: Destination): void {
    this.#tell((scheduler) => scheduler.destinationEdited?.(this, destination));
  }

  /** Takes a destination out; its figures stay in the service's. */
  remove(destination: Destination): void {
    const index = this.#destinations.indexOf(destination);
    if (index < 0) return;
    this.#destinations.splice(index, 1);
    destination.service = null;
    this.#retired = sumOf(this.#retired, destination.total());
    this.#tell((scheduler) => scheduler.destinationRemoved?.(this, destination, index));
  }

  /** The id of the destination for a new connection, or NO_DESTINATION. Never throws. */
  schedule(flow: FiveTuple): number {
    if (this.#scheduler === null) return NO_DESTINATION;
    const chosen = this.#choose(this.#scheduler, flow);
    if (chosen === undefined) return NO_DESTINATION;
    chosen.noteChosen();
    return chosen.id;
  }

  /** To be called once in every estimation period. */
  tick(): void {
    for (const destination of this.#destinations) destination.tick();
    this.#meter.tick(this.#total());
  }

  zero(): void {
    for (const destination of this.#destinations) destination.zero();
    this.#meter.zero(this.#total());
  }

  list(): ServiceListing {
    return {
      ...this.#spec,
      counters: this.#meter.counters(this.#total()),
      rates: this.#meter.rates(),
      destinations: this.#destinations.map((destination) => destination.list()),
    };
  }

  #total(): RawCounters {
    return this.#destinations.reduce(
      (total, destination) => sumOf(total, destination.total()),
      this.#retired,
    );
  }

  #choose(scheduler: Scheduler, flow: FiveTuple): Destination | undefined {
    let chosen: SchedulableDestination | undefined;
    try {
      chosen = scheduler.schedule(this, flow);
    } catch (thrown) {
      this.#noteFailure(`threw: ${messageOf(thrown)}`);
      return this.#firstUsable();
    }
    if (chosen === undefined) return undefined;
    if (chosen instanceof Destination && chosen.service === this && isUsable(chosen)) return chosen;
    this.#noteFailure('chose no usable destination of the service');
    return this.#firstUsable();
  }

  #firstUsable(): Destination | undefined {
    return this.#destinations.find(isUsable);
  }

  #takeScheduler(scheduler: Scheduler | null): void {
    try {
      this.state = scheduler?.init?.(this);
    } catch (thrown) {
      throw new UipvsError(
        'EINVAL',
        `Scheduler ${this.#spec.scheduler} refuses service ${serviceName(this.key)}: ${messageOf(thrown)}`,
        { cause: thrown },
      );
    }
    this.#scheduler = scheduler;
  }

  #tell(hook: (scheduler: Scheduler) => void): void {
    if (this.#scheduler === null) return;
    try {
      hook(this.#scheduler);
    } catch (thrown) {
      this.#noteFailure(`threw: ${messageOf(thrown)}`);
    }
  }

  #noteFailure(what: string): void {
    this.#schedulerFailures += 1;
    this.#lastSchedulerFailure = `Scheduler ${this.#spec.scheduler} of service ${serviceName(this.key)} ${what}`;
  }
}
