import type { DataPlane, RawCounters } from '../../src/ipvs/data-plane.js';
import type { Timeouts } from '../../src/ipvs/listing.js';
import type { ServiceKey } from '../../src/ipvs/specification.js';
import type { Family } from '../../src/net/family.js';

/** A destination as the data plane keeps it; tests set the counts. */
export interface MemoryDestination {
  readonly serviceId: number;
  readonly family: Family;
  readonly address: string;
  readonly port: number;
  isAvailable: boolean;
  active: number;
  inactive: number;
  persistent: number;
  readonly counters: RawCounters;
}

/**
 * A data plane without packets: two tables, and counts that tests set. It holds its user to the contract: an id is
 * used once at a time and within the limits, and a destination goes only when nothing refers to it.
 */
export class MemoryDataPlane implements DataPlane {
  readonly maxServices: number;
  readonly maxDestinations: number;
  readonly services = new Map<number, ServiceKey>();
  readonly destinations = new Map<number, MemoryDestination>();
  timeouts: Timeouts | null = null;
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

  addService(serviceId: number, key: ServiceKey): void {
    this.#throwNextError();
    expectId(serviceId, this.maxServices);
    expect(!this.services.has(serviceId), `service id ${serviceId} is in use`);
    this.services.set(serviceId, key);
  }

  removeService(serviceId: number): void {
    for (const destination of this.destinations.values()) {
      expect(
        destination.serviceId !== serviceId || !destination.isAvailable,
        `service ${serviceId} has destinations`,
      );
    }
    expect(this.services.delete(serviceId), `no service ${serviceId}`);
  }

  addDestination(id: number, serviceId: number, family: Family, address: string, port: number): void {
    this.#throwNextError();
    expectId(id, this.maxDestinations);
    expect(this.services.has(serviceId), `no service ${serviceId}`);
    expect(!this.destinations.has(id), `destination id ${id} is in use`);
    const counters = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };
    const counts = { active: 0, inactive: 0, persistent: 0, counters };
    this.destinations.set(id, { serviceId, family, address, port, isAvailable: true, ...counts });
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
