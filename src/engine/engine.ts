/**
 * Theory of operation: the data plane seen from TypeScript.
 *
 * The native engine owns the packets; this class owns its life and speaks for it to the IPVS model: it implements
 * DataPlane (services, destinations, counters) over calls that edit the native directory and over shared memory that is
 * read without a call. Packets never come here; the first packet of each connection comes as an upcall, which is answered
 * by the `decide` function given to start(). While JavaScript is busy, established connections go on in the worker.
 */
import { UipvsError } from '../base/error.js';
import type {
  DataPlane,
  DestinationTraits,
  PacketPolicy,
  RawCounters,
  ServiceTraits,
} from '../ipvs/data-plane.js';
import type { ConnectionListing, Timeouts } from '../ipvs/listing.js';
import type { ServiceKey } from '../ipvs/specification.js';
import { addressWords } from '../net/address.js';
import type { Family } from '../net/family.js';
import type { Addon, EngineLimits, FoundTable, NativeEngine, RecoveryReport } from './addon.js';
import type { AddressObserver, DestinationPlace } from './address-observer.js';
import { AddressOverlap } from './address-overlap.js';
import { CONNECTIONS_PER_PIECE, ConnectionReader } from './connection-reader.js';
import type { ConnectionRows } from './connection-rows.js';
import { Devices } from './devices.js';
import { DestinationLanes } from './lanes.js';
import { Masquerading } from './masquerading.js';
import { PROTOCOL_NUMBERS } from './protocol-number.js';
import { RealServers, type Route } from './real-servers.js';
import { setServiceTraits } from './service-traits.js';
import { type Decide, UpcallRing } from './upcall.js';
import { Vips } from './vips.js';
import { type UpcallLatency, WorkerFigures } from './worker-figures.js';

const TCP = 6;
/** A device each, which the worker reads in every turn: native/engine/receiver_set.h. */
const MAX_MARKS = 64;

export class Engine implements DataPlane {
  readonly maxServices: number;
  readonly maxDestinations: number;
  readonly devices: Devices;
  readonly masquerading: Masquerading;
  readonly #native: NativeEngine;
  readonly #lanes: DestinationLanes;
  readonly #figures: WorkerFigures;
  readonly #upcalls: UpcallRing;
  readonly #connections: ConnectionReader;
  readonly #observer: AddressObserver;
  readonly #services = new Map<number, ServiceKey>();
  readonly #destinations = new Map<number, DestinationPlace>();
  readonly #overlap = new AddressOverlap();
  readonly #vips: Vips;
  #admitsNew = false;
  #drain = (): void => {};
  readonly #realServers: RealServers;

  constructor(addon: Addon, limits: EngineLimits, observer: AddressObserver) {
    this.#observer = observer;
    this.#native = new addon.Engine(limits.connections, limits.services, limits.destinations, limits.workers);
    this.devices = new Devices(this.#native);
    this.masquerading = new Masquerading(this.#native);
    this.#vips = new Vips(this.#native, this.#overlap);
    this.#realServers = new RealServers(this.#native);
    this.maxServices = limits.services;
    this.maxDestinations = limits.destinations;
    this.#lanes = new DestinationLanes(this.#native.laneMemory, limits.destinations);
    this.#figures = new WorkerFigures(this.#native, addon);
    this.#upcalls = new UpcallRing(this.#native.ringMemory, addon.ringEntries, () => this.#native.wake());
    this.#connections = new ConnectionReader(this.#native);
  }

  /**
   * Keeps the connections in a directory from now on; what was found there. Before all else.
   * Errors: NativeError.
   */
  openState(directory: string, isFresh: boolean): FoundTable {
    return this.#native.openState(directory, isFresh);
  }

  /** Takes over the connections that were found there. Once the destinations have their ids, before start(). */
  recover(): RecoveryReport {
    return this.#native.recover();
  }

  /** Starts the worker; `decide` is called for the first packet of every connection, once {@link admitNew} was called. */
  start(decide: Decide): void {
    const count: Decide = (serviceId, flow) => {
      const destinationId = decide(serviceId, flow);
      if (destinationId >= 0) this.#lanes.countDecided(destinationId, flow.protocol === TCP);
      return destinationId;
    };
    this.#drain = () => {
      if (this.#admitsNew) this.#upcalls.drain(count);
    };
    this.#native.start(this.#drain);
  }

  /** From now on new connections wait until {@link admitNew}, as many as the ring to the control thread holds. */
  holdNew(): void {
    this.#admitsNew = false;
  }

  /** From now on new connections are decided for; those that came before have waited. */
  admitNew(): void {
    this.#admitsNew = true;
    this.#drain();
  }

  /** Ends the worker; connections are forgotten. May be called twice. */
  stop(): void {
    this.#native.stop();
  }

  addService(serviceId: number, key: ServiceKey, traits: ServiceTraits): void {
    if (key.kind === 'address') {
      const protocol = PROTOCOL_NUMBERS[key.protocol];
      this.#native.addService(serviceId, protocol, key.port, addressWords(key.address), 0);
    } else {
      this.#refuseTooManyMarks(key.mark);
      this.#native.addService(serviceId, 0, 0, new Uint32Array(key.family === 6 ? 4 : 1), key.mark);
    }
    this.setServiceTraits(serviceId, traits);
    this.#services.set(serviceId, key);
    this.#observer.serviceAdded(key, traits);
  }

  #refuseTooManyMarks(mark: number): void {
    const marks = new Set<number>([mark]);
    for (const key of this.#services.values()) if (key.kind === 'fwmark') marks.add(key.mark);
    if (marks.size <= MAX_MARKS) return;
    throw new UipvsError('ENOSPC', `Firewall mark ${mark} is above the limit of ${MAX_MARKS} marks`);
  }

  setServiceTraits(serviceId: number, traits: ServiceTraits): void {
    setServiceTraits(this.#native, serviceId, traits);
    const key = this.#services.get(serviceId);
    if (key !== undefined) this.#observer.serviceEdited(key, traits);
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
    if (this.#vips.add(address)) this.#updateHopLimit();
  }

  /** See {@link Vips.setLocal}. */
  setVipLocal(address: string, isLocal: boolean): void {
    this.#vips.setLocal(address, isLocal);
  }

  isVipLocal(address: string): boolean {
    return this.#vips.isLocal(address);
  }

  removeVip(address: string): void {
    this.#vips.remove(address);
    this.#updateHopLimit();
  }

  addDestination(
    destinationId: number,
    serviceId: number,
    family: Family,
    address: string,
    port: number,
    traits: DestinationTraits,
  ): void {
    this.#native.clearDestination(destinationId);
    this.setDestinationTraits(destinationId, traits);
    this.#native.addDestination(destinationId, port, addressWords(address));
    const key = this.#services.get(serviceId);
    const place =
      key?.kind === 'address' ? { family, address, port, protocol: key.protocol } : { family, address, port };
    this.#destinations.set(destinationId, place);
    this.#overlap.addDestination(address);
    this.#realServers.add(destinationId, place, serviceId);
    this.#observer.destinationAdded(place);
    this.#updateHopLimit();
  }

  setDestinationTraits(destinationId: number, traits: DestinationTraits): void {
    const { isQuiesced, upperThreshold, lowerThreshold } = traits;
    this.#native.setDestinationTraits(destinationId, isQuiesced, upperThreshold, lowerThreshold);
  }

  setDestinationAvailable(destinationId: number, isAvailable: boolean): void {
    this.#native.setDestinationAvailable(destinationId, isAvailable);
    const place = this.#destinations.get(destinationId);
    if (place !== undefined) this.#realServers.setAvailable(destinationId, place, isAvailable);
  }

  removeDestination(destinationId: number): void {
    this.#native.setDestinationAvailable(destinationId, false);
    this.#native.clearDestination(destinationId);
    const place = this.#destinations.get(destinationId);
    if (place === undefined) return;
    this.#destinations.delete(destinationId);
    this.#overlap.removeDestination(place.address);
    this.#realServers.remove(destinationId, place);
    this.#observer.destinationRemoved(place);
    this.#updateHopLimit();
  }

  /** The way to the real servers at `address`; to be told again when it changes. */
  setRoute(address: string, route: Route): void {
    this.#realServers.setRoute(address, route);
  }

  setTimeouts(timeouts: Timeouts): void {
    this.#native.setTimeouts(timeouts.tcp, timeouts.tcpFin, timeouts.udp);
  }

  setPolicy(policy: PacketPolicy): void {
    this.#native.setPolicy(
      policy.connReuseMode,
      policy.expireNodestConn,
      policy.expireQuiescentTemplate,
      policy.sloppyTcp,
      policy.sloppySctp,
      policy.isSecureTcp,
      policy.dropRate,
      policy.dropsEntries,
      policy.natIcmpSend,
      policy.scheduleIcmp,
    );
  }

  isOverloaded(destinationId: number): boolean {
    return this.#lanes.isOverloaded(destinationId);
  }

  setOverloaded(destinationId: number, isOverloaded: boolean): void {
    this.#lanes.setOverloaded(destinationId, isOverloaded);
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

  /** The workers' counters by name: packets by verdict, drops by reason. */
  workerCounters(): Readonly<Record<string, number>> {
    return this.#figures.counters();
  }

  upcallLatency(): UpcallLatency {
    return this.#figures.upcallLatency();
  }

  /** Requests that await the control thread, as a part of what the ring holds. */
  get ringUse(): number {
    return this.#upcalls.use;
  }

  get liveConnections(): number {
    return this.#native.liveConnections;
  }

  /** errno of the device's last failed receive, 0 while all is well. */
  get receiveError(): number {
    return this.#native.receiveError;
  }

  /** The connection table in pieces; a piece at a time is read, whatever the table's size. */
  connections(perPiece = CONNECTIONS_PER_PIECE): Iterable<readonly ConnectionListing[]> {
    return this.#connections.pieces(perPiece);
  }

  /** The same as the table has it, for which nothing is made. */
  connectionRows(perPiece: number): Iterable<ConnectionRows> {
    return this.#connections.rows(perPiece);
  }

  /** A VIP that is also a destination would let a packet circle, so the hop limit must then count every pass. */
  #updateHopLimit(): void {
    this.#native.setRestoresHopLimit(!this.#overlap.exists);
  }
}
