import type {
  DataPlane,
  DestinationTraits,
  PacketPolicy,
  RawCounters,
  ServiceTraits,
} from '../../src/ipvs/data-plane.js';
import type { Timeouts } from '../../src/ipvs/listing.js';
import type { ServiceKey } from '../../src/ipvs/specification.js';
import type { Family } from '../../src/net/family.js';

/** What counts for a destination. */
export type ConnectionKind = 'active' | 'inactive' | 'persistent';

/** A destination as the data plane keeps it; tests set the counts. */
export interface MemoryDestination {
  readonly serviceId: number;
  readonly family: Family;
  readonly address: string;
  readonly port: number;
  traits: DestinationTraits;
  isAvailable: boolean;
  isOverloaded: boolean;
  active: number;
  inactive: number;
  persistent: number;
  readonly counters: RawCounters;
}

/**
 * A data plane without packets: two tables, and counts that tests set. It holds its user to the contract: an id is
 * used once at a time and within the limits, and a destination goes only when nothing refers to it. Connections that
 * end by `end` undo an overload as the contract says.
 */
export class MemoryDataPlane implements DataPlane {
  readonly maxServices: number;
  readonly maxDestinations: number;
  readonly services = new Map<number, ServiceKey>();
  readonly serviceTraits = new Map<number, ServiceTraits>();
  readonly destinations = new Map<number, MemoryDestination>();
  timeouts: Timeouts | null = null;
  /** All that `setPolicy` was told. */
  readonly policies: PacketPolicy[] = [];
  /** What the next change throws, once. */
  nextError: Error | null = null;

  constructor({ maxServices = 8, maxDestinations = 16 } = {}) {
    this.maxServices = maxServices;
    this.maxDestinations = maxDestinations;
  }

  /** The destination with that address and port, and its id. */
  find(address: string, port = 80): MemoryDestination & { readonly id: number } {
    for (const [id, destination] of this.destinations) {
      if (destination.address === address && destination.port === port)
        return Object.assign(destination, { id });
    }
    throw new Error(`no destination ${address}:${port} in the data plane`);
  }

  /** Ends `count` connections or templates, one after another. */
  end(id: number, kind: ConnectionKind, count: number): void {
    const destination = this.#destination(id);
    expect(destination[kind] >= count, `destination ${id} has ${destination[kind]} ${kind} connections`);
    for (let ended = 0; ended < count; ended += 1) {
      destination[kind] -= 1;
      const { upperThreshold, lowerThreshold } = destination.traits;
      const left = destination.active + destination.inactive;
      const isFew = lowerThreshold === 0 ? left * 4 < upperThreshold * 3 : left < lowerThreshold;
      if (isFew || (upperThreshold === 0 && lowerThreshold === 0)) destination.isOverloaded = false;
    }
  }

  addService(serviceId: number, key: ServiceKey, traits: ServiceTraits): void {
    this.#throwNextError();
    expectId(serviceId, this.maxServices);
    expect(!this.services.has(serviceId), `service id ${serviceId} is in use`);
    this.services.set(serviceId, key);
    this.serviceTraits.set(serviceId, traits);
  }

  setServiceTraits(serviceId: number, traits: ServiceTraits): void {
    this.#throwNextError();
    expect(this.services.has(serviceId), `no service ${serviceId}`);
    this.serviceTraits.set(serviceId, traits);
  }

  removeService(serviceId: number): void {
    for (const destination of this.destinations.values()) {
      expect(
        destination.serviceId !== serviceId || !destination.isAvailable,
        `service ${serviceId} has destinations`,
      );
    }
    expect(this.services.delete(serviceId), `no service ${serviceId}`);
    this.serviceTraits.delete(serviceId);
  }

  addDestination(
    id: number,
    serviceId: number,
    family: Family,
    address: string,
    port: number,
    traits: DestinationTraits,
  ): void {
    this.#throwNextError();
    expectId(id, this.maxDestinations);
    expect(this.services.has(serviceId), `no service ${serviceId}`);
    expect(!this.destinations.has(id), `destination id ${id} is in use`);
    const counters = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };
    const counts = { active: 0, inactive: 0, persistent: 0, counters };
    const state = { traits, isAvailable: true, isOverloaded: false };
    this.destinations.set(id, { serviceId, family, address, port, ...state, ...counts });
  }

  setDestinationTraits(id: number, traits: DestinationTraits): void {
    this.#throwNextError();
    this.#destination(id).traits = traits;
  }

  setDestinationAvailable(id: number, isAvailable: boolean): void {
    const destination = this.#destination(id);
    expect(!isAvailable || this.services.has(destination.serviceId), `no service ${destination.serviceId}`);
    expect(destination.isAvailable !== isAvailable, `destination ${id} is so already`);
    destination.isAvailable = isAvailable;
  }

  removeDestination(id: number): void {
    const { active, inactive, persistent } = this.#destination(id);
    expect(active + inactive + persistent === 0, `destination ${id} has connections`);
    this.destinations.delete(id);
  }

  setTimeouts(timeouts: Timeouts): void {
    this.#throwNextError();
    this.timeouts = timeouts;
  }

  setPolicy(policy: PacketPolicy): void {
    this.#throwNextError();
    this.policies.push(policy);
  }

  isOverloaded(id: number): boolean {
    return this.#destination(id).isOverloaded;
  }

  setOverloaded(id: number, isOverloaded: boolean): void {
    this.#destination(id).isOverloaded = isOverloaded;
  }

  activeConnections(id: number): number {
    return this.#destination(id).active;
  }

  inactiveConnections(id: number): number {
    return this.#destination(id).inactive;
  }

  persistentConnections(id: number): number {
    return this.#destination(id).persistent;
  }

  readCounters(id: number, into: RawCounters): void {
    Object.assign(into, this.#destination(id).counters);
  }

  #destination(id: number): MemoryDestination {
    const destination = this.destinations.get(id);
    if (destination === undefined) throw new Error(`no destination ${id} in the data plane`);
    return destination;
  }

  #throwNextError(): void {
    const error = this.nextError;
    this.nextError = null;
    if (error !== null) throw error;
  }
}

function expectId(id: number, limit: number): void {
  expect(Number.isInteger(id) && id >= 0 && id < limit, `id ${id} is not within 0..${limit - 1}`);
}

function expect(isTrue: boolean, otherwise: string): void {
  if (!isTrue) throw new Error(otherwise);
}
