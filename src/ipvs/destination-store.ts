import { UipvsError } from '../base/error.js';
import { familyOf } from '../net/address.js';
import type { DataPlane } from './data-plane.js';
import { Destination } from './destination.js';
import { IdPool } from './id-pool.js';
import { destinationName, serviceName } from './name.js';
import type { Service } from './service.js';
import type { ServiceIds } from './service-ids.js';
import type { DestinationKey, DestinationSpec, ServiceKey } from './specification.js';
import { Trash } from './trash.js';

export interface DestinationStoreOptions {
  readonly dataPlane: DataPlane;
  readonly serviceIds: ServiceIds;
  /** Milliseconds since any fixed moment, never going back. */
  readonly clock: () => number;
}

/**
 * Where destinations come from and where they go: new ones get an id and a place in the data plane, deleted ones lie
 * in the trash with both until no connection refers to them, and may be had back from there.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_add_dest and __ip_vs_del_dest.
 */
export class DestinationStore {
  readonly #dataPlane: DataPlane;
  readonly #serviceIds: ServiceIds;
  readonly #clock: () => number;
  readonly #ids: IdPool;
  readonly #trash = new Trash();

  constructor({ dataPlane, serviceIds, clock }: DestinationStoreOptions) {
    this.#dataPlane = dataPlane;
    this.#serviceIds = serviceIds;
    this.#clock = clock;
    this.#ids = new IdPool(dataPlane.maxDestinations);
  }

  /** @throws UipvsError ENOSPC: no id is free */
  checkObtain(serviceKey: ServiceKey, key: DestinationKey): void {
    if (this.#ids.isExhausted && this.#trash.find(serviceKey, key) === undefined) throw this.#tooMany(key);
  }

  /** A destination available in the data plane, from the trash where it is there. @throws UipvsError ENOSPC */
  obtain(service: Service, spec: DestinationSpec): Destination {
    return this.#revive(service, spec) ?? this.#create(service, spec);
  }

  /** Puts a destination of `service` into the trash. */
  discard(service: Service, destination: Destination): void {
    this.#dataPlane.setDestinationAvailable(destination.id, false);
    destination.retire();
    this.#serviceIds.hold(serviceName(service.key));
    this.#trash.put(service, destination, this.#clock());
  }

  /** Lets go of what has lain long enough and nothing refers to; returns how many. */
  collect(): number {
    const collected = this.#trash.collect(this.#clock());
    for (const { destination, service } of collected) {
      this.#dataPlane.removeDestination(destination.id);
      this.#ids.release(destination.id);
      this.#serviceIds.release(serviceName(service.key));
    }
    return collected.length;
  }

  #revive(service: Service, spec: DestinationSpec): Destination | undefined {
    const trashed = this.#trash.find(service.key, spec);
    if (trashed === undefined) return undefined;
    const { destination } = trashed;
    this.#dataPlane.setDestinationAvailable(destination.id, true);
    this.#trash.remove(service.key, spec);
    this.#serviceIds.release(serviceName(service.key));
    destination.revive(trashed.service === service);
    destination.edit(spec);
    return destination;
  }

  #create(service: Service, spec: DestinationSpec): Destination {
    const id = this.#ids.take();
    if (id === undefined) throw this.#tooMany(spec);
    try {
      this.#dataPlane.addDestination(id, service.id, familyOf(spec.address), spec.address, spec.port);
    } catch (thrown) {
      this.#ids.release(id);
      throw thrown;
    }
    return new Destination(id, spec, this.#dataPlane);
  }

  #tooMany(key: DestinationKey): UipvsError {
    const { maxDestinations } = this.#dataPlane;
    return new UipvsError(
      'ENOSPC',
      `Destination ${destinationName(key)} is above the limit of ${maxDestinations} destinations`,
    );
  }
}
