import { UipvsError } from '../base/error.js';
import { checkDestinationKey, checkDestinationNumbers, checkRealServerAddress } from './admission.js';
import type { Destination } from './destination.js';
import type { DestinationStore } from './destination-store.js';
import { destinationName } from './name.js';
import type { Service } from './service.js';
import type { DestinationKey, DestinationSpec } from './specification.js';

/**
 * What a user does to the destinations of a service, and what of that is refused.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_add_dest, ip_vs_edit_dest and ip_vs_del_dest.
 */
export class DestinationChanges {
  readonly #destinations: DestinationStore;

  constructor(destinations: DestinationStore) {
    this.#destinations = destinations;
  }

  /** @param keptId an id that was set apart for it @throws UipvsError EINVAL, ERANGE, EEXIST, ENOSPC */
  checkAdd(service: Service, spec: DestinationSpec, keptId?: number): void {
    checkDestinationKey(spec);
    checkDestinationNumbers(service.key, spec);
    if (service.find(spec) !== undefined) {
      throw new UipvsError(
        'EEXIST',
        `Service ${service.name} already has destination ${destinationName(spec)}`,
      );
    }
    checkRealServerAddress(spec);
    if (keptId === undefined) this.#destinations.checkObtain(service, spec);
  }

  /**
   * @param place how many destinations are to be before it
   * @param keptId an id that was set apart for it
   * @throws UipvsError as `checkAdd`
   */
  add(service: Service, spec: DestinationSpec, place: number, keptId?: number): void {
    this.checkAdd(service, spec, keptId);
    service.add(this.#destinations.obtain(service, spec, keptId), place);
  }

  /** @throws UipvsError EINVAL, ERANGE, ENOENT */
  checkEdit(service: Service, spec: DestinationSpec): Destination {
    checkDestinationKey(spec);
    checkDestinationNumbers(service.key, spec);
    return find(service, spec);
  }

  /** @throws UipvsError as `checkEdit` */
  edit(service: Service, spec: DestinationSpec): void {
    const destination = this.checkEdit(service, spec);
    this.#destinations.edit(destination, spec);
    service.noteEdit(destination);
  }

  /** @throws UipvsError EINVAL, ENOENT */
  checkDelete(service: Service, key: DestinationKey): Destination {
    checkDestinationKey(key);
    return find(service, key);
  }

  /** The destination goes to the trash. @throws UipvsError as `checkDelete` */
  delete(service: Service, key: DestinationKey): void {
    const destination = this.checkDelete(service, key);
    this.#destinations.discard(service, destination);
    service.remove(destination);
  }

  /** All its destinations go to the trash, and the scheduler is not told. */
  clear(service: Service): void {
    for (const destination of service.snapshot()) this.#destinations.discard(service, destination);
    service.clear();
  }
}

/** @throws UipvsError ENOENT */
function find(service: Service, key: DestinationKey): Destination {
  const destination = service.find(key);
  if (destination !== undefined) return destination;
  throw new UipvsError('ENOENT', `Service ${service.name} has no destination ${destinationName(key)}`);
}
