/**
 * Theory of operation: the IPVS model.
 *
 * The director holds what ipvsadm shows and changes: virtual services, their destinations, and figures. It knows
 * nothing of packets. The data plane, behind the interface in data-plane.ts, does: it keeps the connections, counts,
 * and for the first packet of a connection asks {@link Director.schedule}.
 *
 *     control ----> check*, add/edit/delete, list         tick, collectTrash <---- timers
 *                        |                                     |
 *                     Director --- Service --- Destination, newest first
 *                        |            |            |
 *                        |        Scheduler        +--- Trash: deleted, but connections still name it
 *                        v
 *                    DataPlane <---- ids ----> connections, counters
 *
 * Invariants:
 *
 * - A request is carried out entirely or refused with nothing changed. Every mutating method runs its check first;
 *   the checks are public so that a caller can prepare the host before it commits. The data plane is changed before
 *   the model, so that what it refuses is not in the model.
 * - Checks come in the kernel's order with the kernel's codes; what uipvs cannot do yet is refused last, ENOTSUP.
 * - An id names one destination from its addition until the trash lets go of it, which is when no connection refers
 *   to it. Adding the destination again before that takes it, its id and its connections back from the trash, even
 *   when the service was deleted and added again in the meantime: so the service's id is kept as long.
 * - The service's figures are the sum of its destinations', deleted ones included; nothing counts in the trash.
 *
 * Everything is synchronous: nobody sees half a change, and `schedule` runs between two changes or not at all.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c. Departures: services are listed in the order of their addition, where the
 * kernel's is that of a hash; counters are live; the trash is emptied sooner.
 */
import { UipvsError } from '../base/error.js';
import {
  checkDestinationKey,
  checkDestinationNumbers,
  checkDestinationSupport,
  checkRealServerAddress,
  checkServiceKey,
  checkServiceSpec,
  checkTimeouts,
} from './admission.js';
import type { DataPlane } from './data-plane.js';
import type { Destination } from './destination.js';
import { DestinationStore } from './destination-store.js';
import type { ServiceListing, Timeouts } from './listing.js';
import { destinationName, serviceName } from './name.js';
import type { FiveTuple, Scheduler } from './scheduler.js';
import { NO_DESTINATION, Service, type ServiceView } from './service.js';
import { ServiceIds } from './service-ids.js';
import type { DestinationKey, DestinationSpec, ServiceKey, ServiceSpec } from './specification.js';

/** Source: net/netfilter/ipvs/ip_vs_proto_tcp.c and ip_vs_proto_udp.c, the timeout tables. */
const DEFAULT_TIMEOUTS: Timeouts = { tcp: 900, tcpFin: 120, udp: 300 };

export interface DirectorOptions {
  readonly dataPlane: DataPlane;
  /** By the name that a service's specification gives. */
  readonly schedulers: ReadonlyMap<string, Scheduler>;
  /** Milliseconds since any fixed moment, never going back. */
  readonly clock: () => number;
}

export class Director {
  readonly #dataPlane: DataPlane;
  readonly #schedulers: ReadonlyMap<string, Scheduler>;
  readonly #services = new Map<string, Service>();
  readonly #servicesById: (Service | undefined)[] = [];
  readonly #serviceIds: ServiceIds;
  readonly #destinations: DestinationStore;
  #timeouts = DEFAULT_TIMEOUTS;

  constructor({ dataPlane, schedulers, clock }: DirectorOptions) {
    this.#dataPlane = dataPlane;
    this.#schedulers = schedulers;
    this.#serviceIds = new ServiceIds(dataPlane.maxServices);
    this.#destinations = new DestinationStore({ dataPlane, serviceIds: this.#serviceIds, clock });
    dataPlane.setTimeouts(this.#timeouts);
  }

  /** @throws UipvsError EINVAL, EEXIST, ENOENT (scheduler or persistence engine), ENOTSUP, ENOSPC */
  checkAddService(spec: ServiceSpec): void {
    checkServiceKey(spec.key);
    const name = serviceName(spec.key);
    if (this.#services.has(name)) throw new UipvsError('EEXIST', `Service ${name} already exists`);
    checkServiceSpec(spec, this.#schedulers);
    if (!this.#serviceIds.isAvailable(name)) throw this.#tooManyServices(name);
  }

  /** @throws UipvsError as `checkAddService`; EINVAL where the scheduler itself refuses the service */
  addService(spec: ServiceSpec): void {
    this.checkAddService(spec);
    const name = serviceName(spec.key);
    const id = this.#serviceIds.hold(name);
    if (id === undefined) throw this.#tooManyServices(name);
    let service: Service;
    try {
      service = new Service(id, spec, this.#schedulerOf(spec));
      this.#dataPlane.addService(id, spec.key);
    } catch (thrown) {
      this.#serviceIds.release(name);
      throw thrown;
    }
    this.#services.set(name, service);
    this.#servicesById[id] = service;
  }

  /** @throws UipvsError EINVAL, ESRCH, ENOENT (scheduler or persistence engine), ENOTSUP */
  checkEditService(spec: ServiceSpec): void {
    this.#service(spec.key);
    checkServiceSpec(spec, this.#schedulers);
  }

  /** @throws UipvsError as `checkEditService`; EINVAL where the new scheduler itself refuses the service */
  editService(spec: ServiceSpec): void {
    this.checkEditService(spec);
    this.#service(spec.key).edit(spec, this.#schedulerOf(spec));
  }

  /** @throws UipvsError EINVAL, ESRCH */
  checkDeleteService(key: ServiceKey): void {
    this.#service(key);
  }

  /** Its destinations go to the trash. @throws UipvsError EINVAL, ESRCH */
  deleteService(key: ServiceKey): void {
    this.#delete(this.#service(key));
  }

  /** Deletes every service. */
  flush(): void {
    for (const service of [...this.#services.values()]) this.#delete(service);
  }

  /** @throws UipvsError EINVAL, ESRCH */
  checkZero(key?: ServiceKey): void {
    if (key !== undefined) this.#service(key);
  }

  /** Counters and rates of a service and its destinations, or of all, begin at 0. @throws UipvsError EINVAL, ESRCH */
  zero(key?: ServiceKey): void {
    const services = key === undefined ? this.#services.values() : [this.#service(key)];
    for (const service of services) service.zero();
  }

  /** @throws UipvsError EINVAL, ESRCH, ERANGE, EEXIST, ENOTSUP, ENOSPC */
  checkAddDestination(key: ServiceKey, spec: DestinationSpec): void {
    const service = this.#service(key);
    checkDestinationKey(spec);
    checkDestinationNumbers(key, spec);
    if (service.find(spec) !== undefined) {
      throw new UipvsError(
        'EEXIST',
        `Service ${serviceName(key)} already has destination ${destinationName(spec)}`,
      );
    }
    checkRealServerAddress(spec);
    checkDestinationSupport(spec);
    this.#destinations.checkObtain(key, spec);
  }

  /** Puts the destination at the head of the list. @throws UipvsError as `checkAddDestination` */
  addDestination(key: ServiceKey, spec: DestinationSpec): void {
    this.checkAddDestination(key, spec);
    const service = this.#service(key);
    service.add(this.#destinations.obtain(service, spec));
  }

  /** @throws UipvsError EINVAL, ESRCH, ERANGE, ENOENT, ENOTSUP */
  checkEditDestination(key: ServiceKey, spec: DestinationSpec): void {
    const service = this.#service(key);
    checkDestinationKey(spec);
    checkDestinationNumbers(key, spec);
    this.#destination(service, spec);
    checkDestinationSupport(spec);
  }

  /** The destination keeps its place. @throws UipvsError as `checkEditDestination` */
  editDestination(key: ServiceKey, spec: DestinationSpec): void {
    this.checkEditDestination(key, spec);
    const service = this.#service(key);
    const destination = this.#destination(service, spec);
    destination.edit(spec);
    service.noteEdit(destination);
  }

  /** @throws UipvsError EINVAL, ESRCH, ENOENT */
  checkDeleteDestination(key: ServiceKey, destinationKey: DestinationKey): void {
    const service = this.#service(key);
    checkDestinationKey(destinationKey);
    this.#destination(service, destinationKey);
  }

  /** The destination goes to the trash. @throws UipvsError as `checkDeleteDestination` */
  deleteDestination(key: ServiceKey, destinationKey: DestinationKey): void {
    this.checkDeleteDestination(key, destinationKey);
    const service = this.#service(key);
    this.#discard(service, this.#destination(service, destinationKey));
  }

  /** The service of that name, or undefined. Live. */
  findService(key: ServiceKey): ServiceView | undefined {
    return this.#services.get(serviceName(key));
  }

  /** All services, oldest first, or the one. @throws UipvsError EINVAL, ESRCH where that one is not there */
  list(key?: ServiceKey): ServiceListing[] {
    const services = key === undefined ? [...this.#services.values()] : [this.#service(key)];
    return services.map((service) => service.list());
  }

  /**
   * The destination for a new connection, whose creation the data plane then counts at once.
   *
   * Hot: allocates nothing, never throws.
   *
   * @returns a destination's id, or NO_DESTINATION (-1) where none can take it or the service is gone
   */
  schedule(serviceId: number, flow: FiveTuple): number {
    return this.#servicesById[serviceId]?.schedule(flow) ?? NO_DESTINATION;
  }

  /** To be called every ESTIMATION_PERIOD_MS. */
  tick(): void {
    for (const service of this.#services.values()) service.tick();
  }

  /**
   * Lets go of deleted destinations that have lain long enough and that no connection refers to; to be called every
   * few seconds.
   *
   * @returns how many
   */
  collectTrash(): number {
    return this.#destinations.collect();
  }

  get timeouts(): Timeouts {
    return this.#timeouts;
  }

  /** @throws UipvsError EINVAL: not an integer of 0..MAX_TIMEOUT_SECONDS */
  checkSetTimeouts(timeouts: Timeouts): void {
    checkTimeouts(timeouts);
  }

  /** Sets the timeouts that are not 0. @throws UipvsError as `checkSetTimeouts` */
  setTimeouts(timeouts: Timeouts): void {
    this.checkSetTimeouts(timeouts);
    const { tcp, tcpFin, udp } = this.#timeouts;
    const merged = {
      tcp: timeouts.tcp || tcp,
      tcpFin: timeouts.tcpFin || tcpFin,
      udp: timeouts.udp || udp,
    };
    this.#dataPlane.setTimeouts(merged);
    this.#timeouts = merged;
  }

  #service(key: ServiceKey): Service {
    checkServiceKey(key);
    const name = serviceName(key);
    const service = this.#services.get(name);
    if (service === undefined) throw new UipvsError('ESRCH', `There is no service ${name}`);
    return service;
  }

  #destination(service: Service, key: DestinationKey): Destination {
    const destination = service.find(key);
    if (destination === undefined) {
      const name = destinationName(key);
      throw new UipvsError('ENOENT', `Service ${serviceName(service.key)} has no destination ${name}`);
    }
    return destination;
  }

  #schedulerOf(spec: ServiceSpec): Scheduler | null {
    return this.#schedulers.get(spec.scheduler) ?? null;
  }

  #delete(service: Service): void {
    for (const destination of [...service.destinations]) this.#discard(service, destination);
    this.#dataPlane.removeService(service.id);
    const name = serviceName(service.key);
    this.#services.delete(name);
    this.#servicesById[service.id] = undefined;
    this.#serviceIds.release(name);
  }

  #discard(service: Service, destination: Destination): void {
    this.#destinations.discard(service, destination);
    service.remove(destination);
  }

  #tooManyServices(name: string): UipvsError {
    const { maxServices } = this.#dataPlane;
    return new UipvsError('ENOSPC', `Service ${name} is above the limit of ${maxServices} services`);
  }
}
