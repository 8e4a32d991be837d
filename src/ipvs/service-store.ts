import { UipvsError } from '../base/error.js';
import { checkServiceKey, checkServiceSpec, NO_SCHEDULER } from './admission.js';
import type { DataPlane } from './data-plane.js';
import type { SchedulerGuard } from './guarded-scheduler.js';
import { serviceName } from './name.js';
import type { Scheduler } from './scheduler.js';
import { Service } from './service.js';
import { ServiceIds } from './service-ids.js';
import type { ServiceKey, ServiceSpec } from './specification.js';
import { serviceTraits } from './traits.js';

/**
 * The virtual services that there are, by name and by id, here and in the data plane.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_add_service, ip_vs_edit_service and ip_vs_unlink_service.
 */
export class ServiceStore {
  readonly ids: ServiceIds;
  readonly #dataPlane: DataPlane;
  readonly #schedulers: ReadonlyMap<string, Scheduler>;
  readonly #guard: SchedulerGuard;
  readonly #byName = new Map<string, Service>();
  readonly #byId: (Service | undefined)[] = [];

  constructor(dataPlane: DataPlane, schedulers: ReadonlyMap<string, Scheduler>, guard: SchedulerGuard) {
    this.#guard = guard;
    this.#dataPlane = dataPlane;
    this.#schedulers = schedulers;
    this.ids = new ServiceIds(dataPlane.maxServices);
  }

  /** Oldest first. */
  all(): Iterable<Service> {
    return this.#byName.values();
  }

  withId(id: number): Service | undefined {
    return this.#byId[id];
  }

  /** Whether the service is one of these, and not one that was deleted. */
  has(service: Service): boolean {
    return this.#byId[service.id] === service;
  }

  find(key: ServiceKey): Service | undefined {
    return this.#byName.get(serviceName(key));
  }

  /** @throws UipvsError EINVAL, ESRCH */
  get(key: ServiceKey): Service {
    checkServiceKey(key);
    const service = this.find(key);
    if (service === undefined) throw new UipvsError('ESRCH', `There is no service ${serviceName(key)}`);
    return service;
  }

  /** @throws UipvsError EINVAL, EEXIST, ENOENT (scheduler or persistence engine), ENOTSUP, ENOSPC */
  checkAdd(spec: ServiceSpec): void {
    this.#checkAdd(spec, this.#schedulers);
  }

  /** @throws UipvsError as `checkAdd`; EINVAL where the scheduler itself refuses the service */
  add(spec: ServiceSpec): void {
    this.#add(spec, this.#schedulers);
  }

  /** As `add`, but in place of a scheduler that is unknown by now the fallback chooses. @throws UipvsError as `add` */
  restore(spec: ServiceSpec): void {
    const { scheduler } = spec;
    if (scheduler === NO_SCHEDULER || this.#schedulers.has(scheduler)) this.add(spec);
    else this.#add(spec, new Map([[scheduler, missingScheduler(scheduler)]]));
  }

  /** @throws UipvsError EINVAL, ESRCH, ENOENT (scheduler or persistence engine), ENOTSUP */
  checkEdit(spec: ServiceSpec): void {
    this.get(spec.key);
    checkServiceSpec(spec, this.#schedulers);
  }

  /** @throws UipvsError as `checkEdit`; EINVAL where the new scheduler itself refuses the service */
  edit(spec: ServiceSpec): void {
    this.checkEdit(spec);
    const service = this.get(spec.key);
    this.#dataPlane.setServiceTraits(service.id, serviceTraits(spec));
    try {
      service.edit(spec, this.#schedulers.get(spec.scheduler) ?? null);
    } catch (thrown) {
      this.#dataPlane.setServiceTraits(service.id, serviceTraits(service.spec));
      throw thrown;
    }
  }

  /** @param service one whose destinations are in the trash */
  remove(service: Service): void {
    this.#dataPlane.removeService(service.id);
    this.#byName.delete(service.name);
    this.#byId[service.id] = undefined;
    this.ids.release(service.name);
  }

  #checkAdd(spec: ServiceSpec, schedulers: ReadonlyMap<string, Scheduler>): void {
    checkServiceKey(spec.key);
    const name = serviceName(spec.key);
    if (this.#byName.has(name)) throw new UipvsError('EEXIST', `Service ${name} already exists`);
    checkServiceSpec(spec, schedulers);
    if (!this.ids.isAvailable(name)) throw this.#tooMany(name);
  }

  #add(spec: ServiceSpec, schedulers: ReadonlyMap<string, Scheduler>): void {
    this.#checkAdd(spec, schedulers);
    const name = serviceName(spec.key);
    const id = this.ids.hold(name);
    if (id === undefined) throw this.#tooMany(name);
    let service: Service;
    try {
      service = new Service(id, spec, schedulers.get(spec.scheduler) ?? null, this.#guard);
      this.#dataPlane.addService(id, spec.key, serviceTraits(spec));
    } catch (thrown) {
      this.ids.release(name);
      throw thrown;
    }
    this.#byName.set(name, service);
    this.#byId[id] = service;
  }

  #tooMany(name: string): UipvsError {
    const { maxServices } = this.#dataPlane;
    return new UipvsError('ENOSPC', `Service ${name} is above the limit of ${maxServices} services`);
  }
}

/** What stands for a scheduler that a service had before, and that is not there any more: one that does not even begin. */
function missingScheduler(name: string): Scheduler {
  return {
    name,
    init() {
      throw new Error('it is unknown since the daemon was started again');
    },
    schedule: () => undefined,
  };
}
