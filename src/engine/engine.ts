/**
 * Theory of operation: the data plane seen from TypeScript.
 *
 * The native engine owns the packets; this class owns its life and speaks for it to the IPVS model: it implements
 * DataPlane (services, destinations, counters) over calls that edit the native directory and over shared memory that is
 * read without a call. Packets never come here; the first packet of each connection comes as an upcall, which is answered
 * by the `decide` function given to start(). While JavaScript is busy, established connections go on in the worker.
 */
import { UipvsError } from '../base/error.js';
import { parseCidr } from '../ipvs/cidr.js';
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
import type { Family, ProtocolName } from '../net/family.js';
import {
  type Addon,
  type FoundTable,
  isNativeError,
  type NativeEngine,
  type RecoveryReport,
} from './addon.js';

import { AddressOverlap } from './address-overlap.js';
import { CONNECTIONS_PER_PIECE, ConnectionReader } from './connection-reader.js';
import { DestinationLanes } from './lanes.js';
import { PROTOCOL_NUMBERS } from './protocol-number.js';

import { RealServers, type Route } from './real-servers.js';
import { openTun } from './tun.js';
import { type Decide, UpcallRing } from './upcall.js';
import { openRaw, openWire } from './wire.js';

export interface EngineLimits {
  /** 1..1073741822 */
  readonly connections: number;
  readonly services: number;
  readonly destinations: number;
  /** Threads, 1..64. */
  readonly workers: number;
}

const TCP = 6;
/** In a block of counters: native/core/counters.h, WorkerCounters. */
const COUNTER_CELLS = 64;
const WORDS_PER_NETWORK = 5;
const WORDS_PER_ADDRESS = 4;
/** How the addon calls the ways to tell a client's address. */
const TELLING = { none: 0, toa: 1, proxy: 2 } as const;
/** A device each, which the worker reads in every turn: native/engine/marked_receivers.h. */
const MAX_MARKS = 64;

/** Told when the model takes an address into use or gives it up, so that the host can follow. */
export interface AddressObserver {
  serviceAdded(key: ServiceKey, traits: ServiceTraits): void;
  serviceEdited(key: ServiceKey, traits: ServiceTraits): void;
  serviceRemoved(key: ServiceKey): void;
  destinationAdded(destination: DestinationPlace): void;
  destinationRemoved(destination: DestinationPlace): void;
}

/** Where a destination's replies come from. */
export interface DestinationPlace {
  readonly family: Family;
  readonly address: string;
  /** Absent: of a firewall mark's service, which is for every protocol. */
  readonly protocol?: ProtocolName;
  readonly port: number;
}

/** Selectors of packets on the wire: networks that replies come from, ports of VIPs. */
export interface CaptureSelectors {
  readonly sources: readonly { readonly family: Family; readonly address: string; readonly length: number }[];
  readonly ports: readonly {
    readonly family: Family;
    readonly address: string;
    readonly length: number;
    readonly protocol: ProtocolName;
    /** 0: the whole protocol. */
    readonly first: number;
    readonly last: number;
  }[];
}

/** How long first packets waited for their verdicts. */
export interface UpcallLatency {
  readonly count: number;
  readonly sumSeconds: number;
  /** Cumulative: `count` waited at most `upperSeconds`. */
  readonly buckets: readonly { readonly upperSeconds: number; readonly count: number }[];
}

export class Engine implements DataPlane {
  readonly maxServices: number;
  readonly maxDestinations: number;
  readonly #native: NativeEngine;
  readonly #lanes: DestinationLanes;
  readonly #counterNames: readonly string[];
  readonly #counters: BigUint64Array;
  readonly #latency: BigUint64Array;
  readonly #latencyBoundsUs: readonly number[];
  readonly #upcalls: UpcallRing;
  readonly #connections: ConnectionReader;
  readonly #observer: AddressObserver;
  readonly #vipIds = new Map<string, number>();
  readonly #localVips = new Set<string>();
  readonly #services = new Map<number, ServiceKey>();
  readonly #freeVipIds: number[] = [];
  readonly #destinations = new Map<number, DestinationPlace>();
  readonly #overlap = new AddressOverlap();
  #admitsNew = false;
  #drain = (): void => {};
  readonly #realServers: RealServers;

  constructor(addon: Addon, limits: EngineLimits, observer: AddressObserver) {
    this.#observer = observer;
    this.#native = new addon.Engine(limits.connections, limits.services, limits.destinations, limits.workers);
    this.#realServers = new RealServers(this.#native);
    this.maxServices = limits.services;
    this.maxDestinations = limits.destinations;
    this.#lanes = new DestinationLanes(this.#native.laneMemory, limits.destinations);
    this.#counters = new BigUint64Array(this.#native.counterMemory);
    this.#counterNames = addon.counterNames;
    this.#latency = new BigUint64Array(this.#native.latencyMemory);
    this.#latencyBoundsUs = addon.latencyBoundsUs;
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

  /** Whether a TUN device, of a mark or with 0 the main one, stays when the process ends. */
  isDeviceKept(mark: number): boolean {
    return this.#native.isDeviceKept(mark);
  }

  /** Errors: NativeError. */
  keepDevice(mark: number, isKept: boolean): void {
    this.#native.keepDevice(mark, isKept);
  }

  /** Makes the TUN device; see {@link openTun}. */
  openTun(name: string): readonly string[] {
    return openTun(this.#native, name);
  }

  /** Makes what leaves go straight to its next hop; see {@link openRaw}. Before start(). */
  openRaw(): void {
    openRaw(this.#native);
  }

  /** Takes packets from an interface; see {@link openWire}. One that is taken from already stays. */
  openWire(interfaceName: string): boolean {
    return openWire(this.#native, interfaceName);
  }

  closeWire(interfaceName: string): void {
    this.#native.closeWire(interfaceName);
  }

  /**
   * To be told around what changes which packets the kernel drops on the wire: those that come both ways meanwhile, and
   * half a second longer, are treated once. {@link openWire} begins such a change by itself. After start().
   */
  setWireChanging(isChanging: boolean): void {
    this.#native.setWireChanging(isChanging);
  }

  /** False also where another interface has the name by now, or it has become the port of a bridge. */
  hasWire(interfaceName: string): boolean {
    return this.#native.hasWire(interfaceName);
  }

  /** What the kernel drops on the wire beyond what services and destinations name. At most 256 of each. */
  setCapture({ sources, ports }: CaptureSelectors): void {
    const words = (address: string) => [...addressWords(address), 0, 0, 0].slice(0, WORDS_PER_ADDRESS);
    this.#native.setCapture(
      new Uint32Array(sources.flatMap((each) => [each.family, ...words(each.address), each.length])),
      new Uint32Array(
        ports.flatMap((each) => [
          each.family,
          ...words(each.address),
          each.length,
          PROTOCOL_NUMBERS[each.protocol],
          each.first,
          each.last,
        ]),
      ),
    );
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
    const { isOnePacket, persistence, persistenceEngine, masquerade } = traits;
    const { timeoutSeconds = 0, netmask = 0 } = persistence ?? {};
    const networks = networkWords(masquerade?.except ?? []);
    this.#native.setServiceTraits(
      serviceId,
      isOnePacket,
      timeoutSeconds,
      netmask,
      masquerade !== null,
      networks,
      TELLING[traits.clientAddress ?? 'none'],
      persistenceEngine === 'sip',
    );
    const key = this.#services.get(serviceId);
    if (key !== undefined) this.#observer.serviceEdited(key, traits);
  }

  /** Packets with `mark` come by the device `name` from now on. Errors: EIO. */
  openMark(mark: number, name: string): void {
    try {
      this.#native.openMark(mark, name);
    } catch (thrown) {
      if (!isNativeError(thrown)) throw thrown;
      throw new UipvsError(
        'EIO',
        `device ${name} for firewall mark ${mark} cannot be made: ${thrown.message}`,
      );
    }
  }

  closeMark(mark: number): void {
    this.#native.closeMark(mark);
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

  /** Whether the VIP is an address of the host, which then gets what no connection and no service takes. */
  setVipLocal(address: string, isLocal: boolean): void {
    const id = this.#vipIds.get(address);
    if (id === undefined) return;
    this.#native.setVipLocal(id, isLocal);
    if (isLocal) this.#localVips.add(address);
    else this.#localVips.delete(address);
  }

  isVipLocal(address: string): boolean {
    return this.#localVips.has(address);
  }

  removeVip(address: string): void {
    const id = this.#vipIds.get(address);
    if (id === undefined) return;
    this.#vipIds.delete(address);
    this.#localVips.delete(address);
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

  /** Source ports of masqueraded connections, for each port of a real server. */
  setMasqueradePorts(first: number, last: number): void {
    this.#native.setMasqueradePorts(first, last);
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
    return Object.fromEntries(this.#counterNames.map((name, cell) => [name, this.#counted(cell)]));
  }

  #counted(cell: number): number {
    let sum = 0;
    for (let at = cell; at < this.#counters.length; at += COUNTER_CELLS)
      sum += Number(this.#counters[at] ?? 0n);
    return sum;
  }

  upcallLatency(): UpcallLatency {
    const [nanoseconds = 0n, ...cells] = this.#latency;
    let count = 0;
    const buckets = this.#latencyBoundsUs.map((boundUs, index) => {
      count += Number(cells[index] ?? 0n);
      return { upperSeconds: boundUs / 1e6, count };
    });
    return { count: count + Number(cells.at(-1) ?? 0n), sumSeconds: Number(nanoseconds) / 1e9, buckets };
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

  /** A VIP that is also a destination would let a packet circle, so the hop limit must then count every pass. */
  #updateHopLimit(): void {
    this.#native.setRestoresHopLimit(!this.#overlap.exists);
  }
}

/** As the addon takes networks: four words of address, one of length. */
function networkWords(networks: readonly string[]): Uint32Array {
  const words = new Uint32Array(networks.length * WORDS_PER_NETWORK);
  for (const [index, text] of networks.entries()) {
    const { network, prefixLength } = parseCidr(text);
    words.set(addressWords(network), index * WORDS_PER_NETWORK);
    words[index * WORDS_PER_NETWORK + 4] = prefixLength;
  }
  return words;
}
