/**
 * What a file of entries says in the end: the configuration of the daemon that wrote it.
 *
 * Deleted destinations are remembered as long as their id is not another's: connections may still name it, and the model
 * lets go of it by itself where none does.
 */
import { UipvsError } from '../base/error.js';
import type { Timeouts } from '../ipvs/listing.js';
import { destinationName, serviceName } from '../ipvs/name.js';
import type { DestinationKey, DestinationSpec, ServiceKey, ServiceSpec } from '../ipvs/specification.js';
import { parseEntry, STATE_VERSION, type StateEntry } from './state-entry.js';

export interface SavedDestination {
  readonly spec: DestinationSpec;
  readonly id: number;
}

export interface SavedService {
  spec: ServiceSpec;
  /** By name, oldest first. */
  destinations: Map<string, SavedDestination>;
}

export interface DiscardedDestination extends SavedDestination {
  readonly service: ServiceSpec;
}

export class SavedState {
  /** By name, oldest first. */
  readonly services = new Map<string, SavedService>();
  readonly sysctls = new Map<string, string>();
  readonly devices = new Set<string>();
  timeouts: Timeouts | null = null;
  readonly #discarded = new Map<string, DiscardedDestination>();
  readonly #discardedById = new Map<number, string>();

  /** First deleted first. */
  discarded(): Iterable<DiscardedDestination> {
    return this.#discarded.values();
  }

  /** Every id that some destination has. */
  ids(): ReadonlySet<number> {
    const ids = new Set(this.#discardedById.keys());
    for (const { destinations } of this.services.values()) {
      for (const { id } of destinations.values()) ids.add(id);
    }
    return ids;
  }

  /** @throws UipvsError EINVAL: an entry about what is not there */
  take(entry: StateEntry): void {
    switch (entry.op) {
      case 'begin':
        break;
      case 'batch':
        for (const each of entry.entries) this.take(each);
        break;
      case 'flush':
        for (const { spec } of [...this.services.values()]) this.#delete(spec.key);
        break;
      case 'add-service':
        this.services.set(serviceName(entry.service.key), { spec: entry.service, destinations: new Map() });
        break;
      case 'edit-service':
        this.#service(entry.service.key).spec = entry.service;
        break;
      case 'delete-service':
        this.#delete(entry.key);
        break;
      case 'add-destination':
        this.#add(this.#service(entry.key), { spec: entry.destination, id: entry.id }, entry.place);
        break;
      case 'edit-destination':
        this.#edit(this.#service(entry.key), entry.destination);
        break;
      case 'delete-destination':
        this.#discard(this.#service(entry.key), entry.destination);
        break;
      case 'set-timeouts':
        this.timeouts = merged(this.timeouts, entry.timeouts);
        break;
      case 'set-sysctl':
        this.sysctls.set(entry.name, entry.value);
        break;
      case 'keep-device':
        this.devices.add(entry.name);
        break;
      case 'give-device':
        this.devices.delete(entry.name);
        break;
    }
  }

  #service(key: ServiceKey): SavedService {
    const service = this.services.get(serviceName(key));
    if (service !== undefined) return service;
    throw new UipvsError('EINVAL', `Expected a service that there is but received ${serviceName(key)}`);
  }

  #add(service: SavedService, destination: SavedDestination, place: number): void {
    const name = destinationName(destination.spec);
    this.#forget(this.#discardedById.get(destination.id));
    this.#forget(discardedName(service.spec.key, destination.spec));
    if (place === 0) {
      service.destinations.set(name, destination);
      return;
    }
    const oldestFirst = [...service.destinations];
    oldestFirst.splice(Math.max(oldestFirst.length - place, 0), 0, [name, destination]);
    service.destinations = new Map(oldestFirst);
  }

  #edit(service: SavedService, spec: DestinationSpec): void {
    const name = destinationName(spec);
    service.destinations.set(name, { spec, id: this.#destination(service, spec).id });
  }

  #destination({ spec, destinations }: SavedService, key: DestinationKey): SavedDestination {
    const destination = destinations.get(destinationName(key));
    if (destination !== undefined) return destination;
    const name = `${destinationName(key)} of ${serviceName(spec.key)}`;
    throw new UipvsError('EINVAL', `Expected a destination that there is but received ${name}`);
  }

  #discard(service: SavedService, key: DestinationKey): void {
    const destination = this.#destination(service, key);
    service.destinations.delete(destinationName(key));
    const name = discardedName(service.spec.key, key);
    this.#discarded.set(name, { ...destination, service: service.spec });
    this.#discardedById.set(destination.id, name);
  }

  #delete(key: ServiceKey): void {
    const service = this.#service(key);
    for (const { spec } of [...service.destinations.values()]) this.#discard(service, spec);
    this.services.delete(serviceName(key));
  }

  #forget(name: string | undefined): void {
    const discarded = name === undefined ? undefined : this.#discarded.get(name);
    if (name === undefined || discarded === undefined) return;
    this.#discarded.delete(name);
    this.#discardedById.delete(discarded.id);
  }
}

function discardedName(service: ServiceKey, destination: DestinationKey): string {
  return `${serviceName(service)} ${destinationName(destination)}`;
}

/** 0: as it was. */
function merged(before: Timeouts | null, { tcp, tcpFin, udp }: Timeouts): Timeouts {
  return {
    tcp: tcp || (before?.tcp ?? 0),
    tcpFin: tcpFin || (before?.tcpFin ?? 0),
    udp: udp || (before?.udp ?? 0),
  };
}

/**
 * What the text of a file says. A last line without an end was being written when its writer died: nobody was told that it
 * holds, and it is left out.
 *
 * @returns the state, and how many characters of the text it is from
 * @throws UipvsError EINVAL: another version's or another boot's file, or a line that is not understood, in one sentence
 */
export function readSavedState(
  text: string,
  bootId: string,
): { readonly state: SavedState; readonly length: number; readonly entries: number } {
  const length = text.lastIndexOf('\n') + 1;
  const lines = length === 0 ? [] : text.slice(0, length - 1).split('\n');
  const state = new SavedState();
  for (const [index, line] of lines.entries()) {
    let entry: StateEntry;
    try {
      entry = parseEntry(line);
      if (index > 0) state.take(entry);
    } catch (thrown) {
      throw new UipvsError('EINVAL', `its line ${index + 1} is not understood`, { cause: thrown });
    }
    if (index === 0) checkBeginning(entry, bootId);
  }
  if (lines.length === 0) throw new UipvsError('EINVAL', 'it has no beginning');
  return { state, length, entries: lines.length };
}

function checkBeginning(entry: StateEntry, bootId: string): void {
  if (entry.op !== 'begin') throw new UipvsError('EINVAL', 'it has no beginning');
  if (entry.version !== STATE_VERSION)
    throw new UipvsError('EINVAL', `it is of version ${entry.version}, not ${STATE_VERSION}`);
  if (entry.bootId !== bootId) throw new UipvsError('EINVAL', 'it is from before the host was started');
}
