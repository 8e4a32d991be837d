import { UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import { add, assign, subtract, zeroCounters } from './counters.js';
import type { RawCounters } from './data-plane.js';
import type { Destination } from './destination.js';
import { DestinationList } from './destination-list.js';
import { GuardedScheduler, type SchedulerGuard } from './guarded-scheduler.js';
import type { ServiceHead } from './listing.js';
import { Meter } from './meter.js';
import { serviceName } from './name.js';
import type { FiveTuple, Scheduler } from './scheduler.js';
import { familyOfService } from './service-family.js';
import type { DestinationKey, DestinationSpec, ServiceKey, ServiceSpec } from './specification.js';

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
  /** How often its present scheduler did what it must not: see guarded-scheduler.ts. */
  readonly schedulerErrors: number;
}

/**
 * A virtual service with its destinations and the memory of its scheduler.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c and ip_vs_sched.c, struct ip_vs_service.
 */
export class Service implements ServiceView {
  readonly id: number;
  /** What messages call it. */
  readonly name: string;
  #spec: ServiceSpec;
  /** Null for the scheduler named "none": every new connection is refused. */
  #scheduler: GuardedScheduler | null;
  readonly #guard: SchedulerGuard;
  readonly #destinations = new DestinationList();
  readonly #meter = new Meter();
  /** Sum of the totals of destinations that were deleted. */
  readonly #retired = zeroCounters();

  /** @throws UipvsError EINVAL where the scheduler refuses the service */
  constructor(id: number, spec: ServiceSpec, scheduler: Scheduler | null, guard: SchedulerGuard) {
    this.id = id;
    this.name = serviceName(spec.key);
    this.#spec = spec;
    this.#guard = guard;
    this.#scheduler = this.#guarded(scheduler);
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

  /** The same as of now, newest first and frozen: what the scheduler sees. */
  get schedulable(): readonly Destination[] {
    return this.#destinations.frozen;
  }

  get schedulerErrors(): number {
    return this.#scheduler?.errors ?? 0;
  }

  find(key: DestinationKey): Destination | undefined {
    return this.#destinations.find(key);
  }

  /** Another scheduler starts afresh; the same one goes on with the memory it has, if it has one. */
  edit(spec: ServiceSpec, scheduler: Scheduler | null): void {
    const previous = this.#spec;
    this.#spec = spec;
    const present = this.#scheduler;
    if (scheduler === (present?.scheduler ?? null) && present?.isDefective !== true) return;
    try {
      this.#scheduler = this.#guarded(scheduler);
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
    this.#scheduler?.tell((scheduler, view) => scheduler.destinationAdded?.(view, destination, index));
  }

  /** Tells the scheduler of a destination's edit. */
  noteEdit(destination: Destination): void {
    this.#scheduler?.tell((scheduler, view) => scheduler.destinationEdited?.(view, destination));
  }

  /** Takes a destination out; its figures stay in the service's. */
  remove(destination: Destination): void {
    const index = this.#destinations.remove(destination);
    if (index < 0) return;
    destination.service = null;
    const total = zeroCounters();
    destination.readTotal(total);
    add(this.#retired, total);
    this.#scheduler?.tell((scheduler, view) => scheduler.destinationRemoved?.(view, destination, index));
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
    const chosen = this.#scheduler?.choose(flow);
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

  #guarded(scheduler: Scheduler | null): GuardedScheduler | null {
    if (scheduler === null) return null;
    try {
      return new GuardedScheduler(this, scheduler, this.#guard);
    } catch (thrown) {
      if (!(thrown instanceof UipvsError)) throw thrown;
      const message = `Scheduler ${this.#spec.scheduler} refuses service ${this.name}: ${thrown.message}`;
      throw new UipvsError('EINVAL', message, { cause: thrown });
    }
  }
}
