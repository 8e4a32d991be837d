import { messageOf, UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import { add, assign, subtract, zeroCounters } from './counters.js';
import type { RawCounters } from './data-plane.js';
import { Destination } from './destination.js';
import { DestinationList } from './destination-list.js';
import type { ServiceHead } from './listing.js';
import { Meter } from './meter.js';
import { serviceName } from './name.js';
import type { FiveTuple, SchedulableDestination, SchedulableService, Scheduler } from './scheduler.js';
import { familyOfService } from './service-family.js';
import type { DestinationKey, DestinationSpec, ServiceKey, ServiceSpec } from './specification.js';
import { isUsable } from './usable.js';

/** What `schedule` answers where no destination can take the connection. */
export const NO_DESTINATION = -1;

/**
 * What `schedule` answers where a destination was chosen that uipvs cannot forward to: one that is not masqueraded.
 * The choice counts for the scheduler, not for the destination.
 */
export const UNSUPPORTED_FORWARDING = -2;

/** What others than the director may see of a destination. */
export interface DestinationView {
  /** What connections call it. */
  readonly id: number;
  readonly spec: DestinationSpec;
}

/** What others than the director may see of a service. */
export interface ServiceView {
  readonly id: number;
  readonly key: ServiceKey;
  readonly spec: ServiceSpec;
  /** Newest first. */
  readonly destinations: readonly DestinationView[];
  find(key: DestinationKey): DestinationView | undefined;
  /** How often the scheduler threw or chose a destination that it must not choose. */
  readonly schedulerFailures: number;
  /** The latest of these failures in a sentence. */
  readonly lastSchedulerFailure: string | null;
}

/**
 * A virtual service with its destinations and the memory of its scheduler.
 *
 * Schedulers may be a user's own, so nothing they do is trusted: what they throw is counted, and so is a choice that
 * is no destination of this service, quiesced or (unless the scheduler says that it may be) overloaded; the first usable
 * destination is taken instead.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c and ip_vs_sched.c, struct ip_vs_service.
 */
export class Service implements SchedulableService<unknown>, ServiceView {
  readonly id: number;
  /** What messages call it. */
  readonly name: string;
  state: unknown;
  #spec: ServiceSpec;
  /** Null for the scheduler named "none": every new connection is refused. */
  #scheduler: Scheduler | null = null;
  readonly #destinations = new DestinationList();
  readonly #meter = new Meter();
  /** Sum of the totals of destinations that were deleted. */
  readonly #retired = zeroCounters();
  #schedulerFailures = 0;
  #lastSchedulerFailure: string | null = null;

  /** @throws UipvsError EINVAL where the scheduler's `init` throws */
  constructor(id: number, spec: ServiceSpec, scheduler: Scheduler | null) {
    this.id = id;
    this.name = serviceName(spec.key);
    this.#spec = spec;
    this.#takeScheduler(scheduler);
  }

  get key(): ServiceKey {
    return this.#spec.key;
  }

  get spec(): ServiceSpec {
    return this.#spec;
  }

  get family(): Family {
    return familyOfService(this.key);
  }

  get destinations(): readonly Destination[] {
    return this.#destinations.newestFirst;
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
    return this.#destinations.find(key);
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

  /** Puts in a new destination, or one back from the trash. @param place how many are before it; more than all: last */
  add(destination: Destination, place: number): void {
    const total = zeroCounters();
    destination.readTotal(total);
    subtract(this.#retired, total);
    const index = Math.min(place, this.#destinations.size);
    this.#destinations.add(destination, index);
    destination.service = this;
    this.#tell((scheduler) => scheduler.destinationAdded?.(this, destination, index));
  }

  /** Tells the scheduler of a destination's edit. */
  noteEdit(destination: Destination): void {
    this.#tell((scheduler) => scheduler.destinationEdited?.(this, destination));
  }

  /** Takes a destination out; its figures stay in the service's. */
  remove(destination: Destination): void {
    const index = this.#destinations.remove(destination);
    if (index < 0) return;
    destination.service = null;
    const total = zeroCounters();
    destination.readTotal(total);
    add(this.#retired, total);
    this.#tell((scheduler) => scheduler.destinationRemoved?.(this, destination, index));
  }

  /** Takes all destinations out, without a word to the scheduler: the service is being deleted. */
  clear(): void {
    const total = zeroCounters();
    this.readTotal(total);
    assign(this.#retired, total);
    for (const destination of this.#destinations) destination.service = null;
    this.#destinations.clear();
    this.#scheduler = null;
  }

  /** The id of the destination for a new connection, NO_DESTINATION or UNSUPPORTED_FORWARDING. Never throws. */
  schedule(flow: FiveTuple): number {
    if (this.#scheduler === null) return NO_DESTINATION;
    const chosen = this.#choose(this.#scheduler, flow);
    if (chosen === undefined) return NO_DESTINATION;
    if (chosen.spec.forwarding !== 'masquerading') return UNSUPPORTED_FORWARDING;
    chosen.noteChosen();
    return chosen.id;
  }

  /** To be called once in every estimation period. @param total becomes the total */
  tick(total: RawCounters): void {
    this.#sum(total, (destination, its) => destination.tick(its));
    this.#meter.tick(total);
  }

  /** @param total becomes the total */
  zero(total: RawCounters): void {
    this.#sum(total, (destination, its) => destination.zero(its));
    this.#meter.zero(total);
  }

  /** All that was counted for its destinations, deleted ones included; grows, and zeroing does not touch it. */
  readTotal(into: RawCounters): void {
    this.#sum(into, (destination, its) => destination.readTotal(its));
  }

  /** How many destinations it has. */
  get size(): number {
    return this.#destinations.size;
  }

  /** Its destinations as of now, newest first. */
  snapshot(): readonly Destination[] {
    return this.#destinations.snapshot();
  }

  /** @param isEstimating false where estimation is switched off: the counters are then those of the last period */
  listHead(isEstimating: boolean): ServiceHead {
    const total = zeroCounters();
    this.readTotal(total);
    const spec = this.#spec;
    return {
      key: spec.key,
      scheduler: spec.scheduler,
      schedulerFlags: spec.schedulerFlags,
      isOnePacket: spec.isOnePacket,
      persistence: spec.persistence,
      persistenceEngine: spec.persistenceEngine,
      masquerade: spec.masquerade,
      clientAddress: spec.clientAddress,
      counters: this.#meter.shown(total, isEstimating),
      rates: this.#meter.rates(),
    };
  }

  /** Makes `into` the sum of what `read` makes of each destination's counters, and of the retired. */
  #sum(into: RawCounters, read: (destination: Destination, its: RawCounters) => void): void {
    const its = zeroCounters();
    assign(into, this.#retired);
    for (const destination of this.#destinations) {
      read(destination, its);
      add(into, its);
    }
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
    if (chosen instanceof Destination && chosen.service === this) {
      if (isUsable(chosen) || (scheduler.mayChooseOverloaded === true && chosen.weight > 0)) return chosen;
    }
    this.#noteFailure('chose no usable destination of the service');
    return this.#firstUsable();
  }

  #firstUsable(): Destination | undefined {
    return this.destinations.find(isUsable);
  }

  #takeScheduler(scheduler: Scheduler | null): void {
    try {
      this.state = scheduler?.init?.(this);
    } catch (thrown) {
      throw new UipvsError(
        'EINVAL',
        `Scheduler ${this.#spec.scheduler} refuses service ${this.name}: ${messageOf(thrown)}`,
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
    this.#lastSchedulerFailure = `Scheduler ${this.#spec.scheduler} of service ${this.name} ${what}`;
  }
}
