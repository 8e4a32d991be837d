import { UipvsError } from '../base/error.js';
import { familyOf } from '../net/address.js';
import type { DataPlane } from './data-plane.js';
import { Destination } from './destination.js';
import { IdPool } from './id-pool.js';
import { destinationName } from './name.js';
import type { Service } from './service.js';
import type { ServiceIds } from './service-ids.js';
import type { DestinationKey, DestinationSpec } from './specification.js';
import { destinationTraits } from './traits.js';
import { Trash, type TrashedDestination } from './trash.js';

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
  readonly #trash: Trash;

  constructor({ dataPlane, serviceIds, clock }: DestinationStoreOptions) {
    this.#dataPlane = dataPlane;
    this.#serviceIds = serviceIds;
    this.#clock = clock;
    this.#ids = new IdPool(dataPlane.maxDestinations);
    this.#trash = new Trash(dataPlane.maxDestinations);
  }

  /** @throws UipvsError ENOSPC: no id is free */
  checkObtain(service: Service, key: DestinationKey): void {
    if (this.#ids.isExhausted && !this.#trash.find(service, key)?.holdsId) throw this.#tooMany(key);
  }

  /** Sets ids apart for destinations to come, before there are any. @throws UipvsError ENOSPC */
  keepIds(ids: ReadonlySet<number>): void {
    const { maxDestinations } = this.#dataPlane;
    for (const id of ids) {
      if (id < maxDestinations) continue;
      throw new UipvsError(
        'ENOSPC',
        `Destination id ${id} is above the limit of ${maxDestinations} destinations`,
      );
    }
    this.#ids.keep(ids);
  }

  /**
   * A destination available in the data plane, from the trash where it is there.
   *
   * @param keptId one that was set apart for it
   * @throws UipvsError ENOSPC
   */
  obtain(service: Service, spec: DestinationSpec, keptId?: number): Destination {
    const trashed = this.#trash.find(service, spec);
    if (trashed === undefined) {
      return new Destination(this.#place(service, spec, keptId), spec, this.#dataPlane);
    }
    const { destination, holdsId } = trashed;
    if (holdsId) {
      this.#dataPlane.setDestinationTraits(destination.id, destinationTraits(spec));
      this.#dataPlane.setDestinationAvailable(destination.id, true);
      this.#serviceIds.release(service.name);
    }
    const id = holdsId ? destination.id : this.#place(service, spec);
    destination.revive(id, spec, trashed.service === service);
    this.#trash.remove(service, spec);
    return destination;
  }

  edit(destination: Destination, spec: DestinationSpec): void {
    this.#dataPlane.setDestinationTraits(destination.id, destinationTraits(spec));
    destination.edit(spec);
  }

  /** Puts a destination of `service` into the trash. */
  discard(service: Service, destination: Destination): void {
    this.#dataPlane.setDestinationAvailable(destination.id, false);
    destination.retire();
    this.#serviceIds.hold(service.name);
    this.#trash.put(service, destination, this.#clock());
  }

  /** Deleted destinations that still hold an id, first deleted first. */
  discarded(): Iterable<TrashedDestination> {
    return this.#trash.holding();
  }

  /** Gives up the ids that were held long enough and that nothing refers to, in steps; yields how many. */
  *collecting(): Generator<number> {
    for (const givenUp of this.#trash.collecting(this.#clock())) {
      for (const { destination, service } of givenUp) {
        this.#dataPlane.removeDestination(destination.id);
        this.#ids.release(destination.id);
        destination.giveUpId();
        this.#serviceIds.release(service.name);
      }
      yield givenUp.length;
    }
  }

  /** The id of a new place in the data plane. */
  #place(service: Service, spec: DestinationSpec, keptId?: number): number {
    const id = keptId ?? this.#ids.take();
    if (id === undefined) throw this.#tooMany(spec);
    try {
      const { address, port } = spec;
      const traits = destinationTraits(spec);
      this.#dataPlane.addDestination(id, service.id, familyOf(address), address, port, traits);
    } catch (thrown) {
      this.#ids.release(id);
      throw thrown;
    }
    return id;
  }

  #tooMany(key: DestinationKey): UipvsError {
    const { maxDestinations } = this.#dataPlane;
    return new UipvsError(
      'ENOSPC',
      `Destination ${destinationName(key)} is above the limit of ${maxDestinations} destinations`,
    );
  }
}
