/**
 * Theory of operation: the data plane seen from TypeScript.
 *
 * The native engine owns the packets; this class owns its life and speaks for it to the IPVS model: it implements
 * DataPlane (services, destinations, counters) over calls that edit the native directory and over shared memory that is
 * read without a call. Packets never come here; the first packet of each connection comes as an upcall, which is answered
 * by the `decide` function given to start(). While JavaScript is busy, established connections go on in the worker.
 */
import { UipvsError } from '../base/error.js';
import type { DataPlane, RawCounters } from '../ipvs/data-plane.js';
import type { ConnectionListing, Timeouts } from '../ipvs/listing.js';
import type { ServiceKey } from '../ipvs/specification.js';
import { addressWords } from '../net/address.js';
import type { Family, ProtocolName } from '../net/family.js';
import { type Addon, isNativeError, type NativeEngine } from './addon.js';
import { AddressOverlap } from './address-overlap.js';
import { ConnectionReader } from './connection-reader.js';
import { DestinationLanes } from './lanes.js';
import { type Decide, UpcallRing } from './upcall.js';

export interface EngineLimits {
  /** 1..1073741822 */
  readonly connections: number;
  readonly services: number;
  readonly destinations: number;
}

const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, sctp: 132 } as const;
const TCP = 6;
const TUN_F_CSUM = 0x01;
const TUN_F_TSO4 = 0x02;
const TUN_F_TSO6 = 0x04;
const TUN_F_USO4 = 0x20;
const ENOENT = 2;
const EPERM = 1;
const EBUSY = 16;

/** Told when the model takes an address into use or gives it up, so that the host can follow. */
export interface AddressObserver {
  serviceAdded(key: ServiceKey): void;
  serviceRemoved(key: ServiceKey): void;
  destinationAdded(destination: DestinationPlace): void;
  destinationRemoved(destination: DestinationPlace): void;
}

/** Where a destination's replies come from. */
export interface DestinationPlace {
  readonly family: Family;
  readonly address: string;
  readonly protocol: ProtocolName;
  readonly port: number;
}

export class Engine implements DataPlane {
  readonly maxServices: number;
  readonly maxDestinations: number;
  readonly #native: NativeEngine;
  readonly #lanes: DestinationLanes;
  readonly #counterNames: readonly string[];
  readonly #counters: BigUint64Array;
  readonly #upcalls: UpcallRing;
  readonly #connections: ConnectionReader;
  readonly #observer: AddressObserver;
  readonly #vipIds = new Map<string, number>();
  readonly #services = new Map<number, ServiceKey>();
  readonly #freeVipIds: number[] = [];
  readonly #destinations = new Map<number, DestinationPlace>();
  readonly #overlap = new AddressOverlap();

  constructor(addon: Addon, limits: EngineLimits, observer: AddressObserver) {
    this.#observer = observer;
    this.#native = new addon.Engine(limits.connections, limits.services, limits.destinations);
    this.maxServices = limits.services;
    this.maxDestinations = limits.destinations;
    this.#lanes = new DestinationLanes(this.#native.laneMemory, limits.destinations);
    this.#counters = new BigUint64Array(this.#native.counterMemory);
    this.#counterNames = addon.counterNames;
    this.#upcalls = new UpcallRing(this.#native.ringMemory, addon.ringEntries, () => this.#native.wake());
    this.#connections = new ConnectionReader(this.#native);
  }

  /**
   * Makes the TUN device; returns the names of the offloads the kernel granted.
   * Errors: ENOTSUP without /dev/net/tun, EPERM without CAP_NET_ADMIN, EBUSY where another process has the device.
   */
  openTun(name: string): readonly string[] {
    try {
      const offloads = this.#native.openTun(name);
      const named: readonly (readonly [number, string])[] = [
        [TUN_F_CSUM, 'checksum'],
        [TUN_F_TSO4, 'tso4'],
        [TUN_F_TSO6, 'tso6'],
        [TUN_F_USO4, 'uso'],
      ];
      return named.filter(([bit]) => (offloads & bit) !== 0).map(([, offload]) => offload);
    } catch (thrown) {
      if (!isNativeError(thrown)) throw thrown;
      if (thrown.errno === EBUSY) {
        throw new UipvsError(
          'EBUSY',
          `device ${name} is in use by another process: is a uipvsd running already?`,
        );
      }
      if (thrown.errno === EPERM) {
        throw new UipvsError('EPERM', `no permission to make device ${name}: CAP_NET_ADMIN is needed`);
      }
      if (thrown.errno === ENOENT) {
        throw new UipvsError(
          'ENOTSUP',
          'this host has no /dev/net/tun: load the tun module or pass the device in',
        );
      }
      throw new UipvsError('EIO', `device ${name} cannot be made: ${thrown.message}`);
    }
  }

  /** Starts the worker; `decide` is called for the first packet of every connection. */
  start(decide: Decide): void {
    const count: Decide = (serviceId, flow) => {
      const destinationId = decide(serviceId, flow);
      if (destinationId >= 0) this.#lanes.countDecided(destinationId, flow.protocol === TCP);
      return destinationId;
    };
    this.#native.start(() => {
      this.#upcalls.drain(count);
    });
  }

  /** Ends the worker; connections are forgotten. May be called twice. */
  stop(): void {
    this.#native.stop();
  }

  addService(serviceId: number, key: ServiceKey): void {
    if (key.kind !== 'address') {
      throw new UipvsError('ENOTSUP', 'firewall-mark services are not forwarded yet');
    }
    this.#native.addService(serviceId, PROTOCOL_NUMBERS[key.protocol], key.port, addressWords(key.address));
    this.#services.set(serviceId, key);
    this.#observer.serviceAdded(key);
  }

  removeService(serviceId: number): void {
    const key = this.#services.get(serviceId);
    if (key === undefined) return;
    this.#native.removeService(serviceId);
    this.#services.delete(serviceId);
    this.#observer.serviceRemoved(key);
  }

  /** From now on the engine answers for `address` as a host does, wherever no service does. Once an address. */
  addVip(address: string): void {
    if (this.#vipIds.has(address)) return;
    // There are never more VIPs than services, so an id below the service limit is always left.
    const id = this.#freeVipIds.pop() ?? this.#vipIds.size;
    this.#vipIds.set(address, id);
    this.#native.addVip(id, addressWords(address));
    this.#overlap.addVip(address);
    this.#updateHopLimit();
  }

  removeVip(address: string): void {
    const id = this.#vipIds.get(address);
    if (id === undefined) return;
    this.#vipIds.delete(address);
    this.#native.removeVip(id);
    this.#freeVipIds.push(id);
    this.#overlap.removeVip(address);
    this.#updateHopLimit();
  }

  addDestination(
    destinationId: number,
    serviceId: number,
    family: Family,
    address: string,
    port: number,
  ): void {
    this.#native.clearDestination(destinationId);
    this.#native.addDestination(destinationId, port, addressWords(address));
    const key = this.#services.get(serviceId);
    const protocol = key?.kind === 'address' ? key.protocol : 'tcp';
    const place = { family, address, protocol, port };
    this.#destinations.set(destinationId, place);
    this.#overlap.addDestination(address);
    this.#observer.destinationAdded(place);
    this.#updateHopLimit();
  }

  setDestinationAvailable(destinationId: number, isAvailable: boolean): void {
    this.#native.setDestinationAvailable(destinationId, isAvailable);
  }

  removeDestination(destinationId: number): void {
    this.#native.setDestinationAvailable(destinationId, false);
    this.#native.clearDestination(destinationId);
    const place = this.#destinations.get(destinationId);
    if (place === undefined) return;
    this.#destinations.delete(destinationId);
    this.#overlap.removeDestination(place.address);
    this.#observer.destinationRemoved(place);
    this.#updateHopLimit();
  }

  setTimeouts(timeouts: Timeouts): void {
    this.#native.setTimeouts(timeouts.tcp, timeouts.tcpFin, timeouts.udp);
  }

  activeConnections(destinationId: number): number {
    return this.#lanes.active(destinationId);
  }

  inactiveConnections(destinationId: number): number {
    return this.#lanes.inactive(destinationId);
  }

  persistentConnections(destinationId: number): number {
    return this.#lanes.persistent(destinationId);
  }

  readCounters(destinationId: number, into: RawCounters): void {
    this.#lanes.read(destinationId, into);
  }

  /** The worker's counters by name: packets by verdict, drops by reason. */
  workerCounters(): Readonly<Record<string, number>> {
    return Object.fromEntries(
      this.#counterNames.map((name, cell) => [name, Number(this.#counters[cell] ?? 0n)]),
    );
  }

  get liveConnections(): number {
    return this.#native.liveConnections;
  }

  /** errno of the device's last failed receive, 0 while all is well. */
  get receiveError(): number {
    return this.#native.receiveError;
  }

  /** The connection table in pieces; a piece at a time is read, whatever the table's size. */
  connections(): Iterable<readonly ConnectionListing[]> {
    return this.#connections.pieces();
  }

  /** A VIP that is also a destination would let a packet circle, so the hop limit must then count every pass. */
  #updateHopLimit(): void {
    this.#native.setRestoresHopLimit(!this.#overlap.exists);
  }
}
