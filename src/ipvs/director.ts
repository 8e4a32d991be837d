/**
 * Theory of operation: the IPVS model.
 *
 * The director holds what ipvsadm shows and changes: virtual services, their destinations, and figures. It knows
 * nothing of packets. The data plane, behind the interface in data-plane.ts, does: it keeps the connections, counts,
 * and for the first packet of a connection asks {@link Director.schedule}.
 *
 *     control ----> check*, add/edit/delete, figures      ticking, collectingTrash, updateDefence <---- timers
 *                        |                                     |
 *         Settings --- Director --- Service --- Destination, newest first
 *             |          |    |       |            |
 *             |          | Figures  Scheduler      +--- Trash: deleted, but connections still name it
 *             v          v
 *             +----> DataPlane <---- ids ----> connections, templates, counters, overload
 *
 * Invariants:
 *
 * - A request is carried out entirely or refused with nothing changed. Every mutating method runs its check first;
 *   the checks are public so that a caller can prepare the host before it commits. The data plane is changed before
 *   the model, so that what it refuses is not in the model.
 * - Checks come in the kernel's order with the kernel's codes; what uipvs cannot do yet is refused last, ENOTSUP.
 * - Destinations of every forwarding method are kept and listed, but only masquerading is carried out: a choice of
 *   another one is answered with UNSUPPORTED_FORWARDING, and that connection is refused.
 * - What packets need without asking (persistence, one packet, quiesced, thresholds, the policy) is told to the data
 *   plane as traits whenever it changes.
 * - An id names one destination from its addition until the trash lets go of it, which is when no connection refers
 *   to it. Adding the destination again before that takes it, its id and its connections back from the trash, even
 *   when the service was deleted and added again in the meantime: so the service's id is kept as long.
 * - The service's figures are the sum of its destinations', deleted ones included; nothing counts in the trash. The
 *   totals are the sum of the services', deleted ones included.
 *
 * Everything is synchronous: nobody sees half a change, and `schedule` runs between two changes or not at all. What takes
 * long with 100,000 destinations is also there as a walk in steps (`flushing`), which does not keep the event loop so long.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c. Departures: services are listed in the order of their addition, where the
 * kernel's is that of a hash; counters are live; ids of deleted destinations are free sooner, their figures are not.
 */
import { checkTimeouts } from './admission.js';
import type { DataPlane } from './data-plane.js';
import { DestinationChanges } from './destination-changes.js';
import { DestinationStore } from './destination-store.js';
import { Figures } from './figures.js';
import type { Discarded, SysctlListing, Timeouts } from './listing.js';
import type { FiveTuple, Scheduler } from './scheduler.js';
import { SchedulerTroubles } from './scheduler-troubles.js';
import { NO_DESTINATION, type Service, type ServiceView } from './service.js';
import { ServiceStore } from './service-store.js';
import { Settings } from './settings.js';
import type { DestinationKey, DestinationSpec, ServiceKey, ServiceSpec } from './specification.js';
import { runThrough } from './steps.js';
import type { SysctlName } from './sysctl.js';

export interface DirectorOptions {
  readonly dataPlane: DataPlane;
  /** By the name that a service's specification gives. */
  readonly schedulers: ReadonlyMap<string, Scheduler>;
  /** Milliseconds since any fixed moment, never going back. */
  readonly clock: () => number;
  /** Chooses where a service's own scheduler fails: one without a state; where there is none, nobody is chosen. */
  readonly fallback?: Scheduler;
}

/** Services and destinations: some milliseconds' work. */
const DELETIONS_PER_STEP = 1024;

export class Director {
  /** By the name that a service's specification gives. */
  readonly schedulers: ReadonlyMap<string, Scheduler>;
  /** What they did that they must not. */
  readonly schedulerTroubles: SchedulerTroubles;
  /** Listings, totals, rates. */
  readonly figures: Figures;
  readonly #services: ServiceStore;
  readonly #destinations: DestinationStore;
  readonly #settings: Settings;
  readonly #changes: DestinationChanges;
  readonly #dataPlane: DataPlane;
  #schedulerFailures = 0;

  constructor({ dataPlane, schedulers, clock, fallback }: DirectorOptions) {
    this.schedulerTroubles = new SchedulerTroubles(clock);
    const guard = { fallback, troubles: this.schedulerTroubles, clock };
    this.schedulers = schedulers;
    this.#dataPlane = dataPlane;
    this.#settings = new Settings(dataPlane);
    this.#services = new ServiceStore(dataPlane, schedulers, guard);
    this.#destinations = new DestinationStore({ dataPlane, serviceIds: this.#services.ids, clock });
    this.#changes = new DestinationChanges(this.#destinations);
    this.figures = new Figures(this.#services, () => this.#settings.sysctl('run_estimation') !== 0);
  }

  /** How many services and destinations there may be. */
  get limits(): { readonly maxServices: number; readonly maxDestinations: number } {
    return this.#dataPlane;
  }

  /** @throws UipvsError EINVAL, EEXIST, ENOENT (scheduler or persistence engine), ENOTSUP, ENOSPC */
  checkAddService(spec: ServiceSpec): void {
    this.#services.checkAdd(spec);
  }

  /** @throws UipvsError as `checkAddService`; EINVAL where the scheduler itself refuses the service */
  addService(spec: ServiceSpec): void {
    this.#services.add(spec);
  }

  /**
   * As `addService`, of a service that there was before a restart: its connections are not to be lost because its scheduler
   * is. In place of one that is unknown by now the fallback chooses.
   *
   * @throws UipvsError as `addService`
   */
  restoreService(spec: ServiceSpec): void {
    this.#services.restore(spec);
  }

  /** @throws UipvsError EINVAL, ESRCH, ENOENT (scheduler or persistence engine), ENOTSUP */
  checkEditService(spec: ServiceSpec): void {
    this.#services.checkEdit(spec);
  }

  /** @throws UipvsError as `checkEditService`; EINVAL where the new scheduler itself refuses the service */
  editService(spec: ServiceSpec): void {
    this.#services.edit(spec);
  }

  /** @throws UipvsError EINVAL, ESRCH */
  checkDeleteService(key: ServiceKey): void {
    this.#services.get(key);
  }

  /** Its destinations go to the trash. @throws UipvsError EINVAL, ESRCH */
  deleteService(key: ServiceKey): void {
    this.#delete(this.#services.get(key));
  }

  /** Deletes every service. */
  flush(): void {
    runThrough(this.flushing());
  }

  /**
   * Deletes every service, in steps between which packets may be handled but no other change be made. Source:
   * net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_flush, in which packets see one service after another go too.
   */
  *flushing(): Generator<void> {
    let left = DELETIONS_PER_STEP;
    for (const service of [...this.#services.all()]) {
      left -= 1 + service.size;
      this.#delete(service);
      if (left > 0) continue;
      yield;
      left = DELETIONS_PER_STEP;
    }
  }

  /** @throws UipvsError EINVAL, ESRCH, ERANGE, EEXIST, ENOSPC */
  checkAddDestination(key: ServiceKey, spec: DestinationSpec): void {
    this.#changes.checkAdd(this.#services.get(key), spec);
  }

  /**
   * Puts the destination at the head of the list.
   *
   * @param place to take back a deletion: how many destinations were before it
   * @param keptId an id that was set apart for it
   * @throws UipvsError as `checkAddDestination`
   */
  addDestination(key: ServiceKey, spec: DestinationSpec, place = 0, keptId?: number): void {
    this.#changes.add(this.#services.get(key), spec, place, keptId);
  }

  /**
   * Sets ids apart, before there is any destination, for those that had them before: connections name them.
   *
   * @throws UipvsError ENOSPC: an id above the limit
   */
  keepDestinationIds(ids: ReadonlySet<number>): void {
    this.#destinations.keepIds(ids);
  }

  /** @throws UipvsError EINVAL, ESRCH, ERANGE, ENOENT */
  checkEditDestination(key: ServiceKey, spec: DestinationSpec): void {
    this.#changes.checkEdit(this.#services.get(key), spec);
  }

  /**
   * The destination keeps its place. Another forwarding method holds for connections from now on.
   *
   * @throws UipvsError as `checkEditDestination`
   */
  editDestination(key: ServiceKey, spec: DestinationSpec): void {
    this.#changes.edit(this.#services.get(key), spec);
  }

  /** @throws UipvsError EINVAL, ESRCH, ENOENT */
  checkDeleteDestination(key: ServiceKey, destinationKey: DestinationKey): void {
    this.#changes.checkDelete(this.#services.get(key), destinationKey);
  }

  /** The destination goes to the trash. @throws UipvsError as `checkDeleteDestination` */
  deleteDestination(key: ServiceKey, destinationKey: DestinationKey): void {
    this.#changes.delete(this.#services.get(key), destinationKey);
  }

  /** The service of that name, or undefined. Live. */
  findService(key: ServiceKey): ServiceView | undefined {
    return this.#services.find(key);
  }

  /** All services, oldest first. Live. */
  services(): Iterable<ServiceView> {
    return this.#services.all();
  }

  /** Deleted destinations that still hold an id, first deleted first. */
  *discarded(): Iterable<Discarded> {
    for (const { service, destination } of this.#destinations.discarded()) {
      yield { service: service.spec, destination: destination.spec, id: destination.id };
    }
  }

  /**
   * The destination for a new connection, whose creation the data plane then counts at once.
   *
   * Hot: allocates nothing as long as schedulers do what they must, never throws: see guarded-scheduler.ts.
   *
   * @returns a destination's id; NO_DESTINATION (-1) where none can take it or the service is gone; or
   * UNSUPPORTED_FORWARDING (-2) where uipvs cannot forward to the one that was chosen
   */
  schedule(serviceId: number, flow: FiveTuple): number {
    const answer = this.#services.withId(serviceId)?.schedule(flow) ?? NO_DESTINATION;
    if (answer === NO_DESTINATION) this.#schedulerFailures += 1;
    return answer;
  }

  /** How often `schedule` answered NO_DESTINATION. */
  get schedulerFailures(): number {
    return this.#schedulerFailures;
  }

  /**
   * Lets go of deleted destinations that have lain long enough and that no connection refers to; to be called every
   * few seconds.
   *
   * @returns how many
   */
  collectTrash(): number {
    return runThrough(this.collectingTrash()).reduce((sum, count) => sum + count, 0);
  }

  /** The same in steps between which anything may happen: how many each of them let go. */
  collectingTrash(): Iterable<number> {
    return this.#destinations.collecting();
  }

  get timeouts(): Timeouts {
    return this.#settings.timeouts;
  }

  /** @throws UipvsError EINVAL: not an integer of 0..MAX_TIMEOUT_SECONDS */
  checkSetTimeouts(timeouts: Timeouts): void {
    checkTimeouts(timeouts);
  }

  /** Sets the timeouts that are not 0. @throws UipvsError as `checkSetTimeouts` */
  setTimeouts(timeouts: Timeouts): void {
    this.#settings.setTimeouts(timeouts);
  }

  /** The settings of net.ipv4.vs in the order of their names. */
  sysctls(): readonly SysctlListing[] {
    return this.#settings.listSysctls();
  }

  /** The present value of a setting that is one number. */
  sysctl(name: SysctlName): number {
    return this.#settings.sysctl(name);
  }

  /** @param text as one would write it to /proc/sys @throws UipvsError ENOENT no such setting; EINVAL */
  setSysctl(name: string, text: string): void {
    this.#settings.setSysctl(name, text);
  }

  /**
   * Compares the modes of the defence with the memory; to be called every second.
   *
   * @param availablePages free ones and buffers, as of sysinfo(2)
   */
  updateDefence(availablePages: number): void {
    this.#settings.updateDefence(availablePages);
  }

  #delete(service: Service): void {
    this.#changes.clear(service);
    this.#services.remove(service);
    this.figures.retire(service);
  }
}
