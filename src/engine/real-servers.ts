/**
 * The addresses of destinations, as the data plane wants to know them: which ones there are (a client that is one of
 * them may be reached past the director), which ports they have (nat_icmp_send) and which destination speaks from there
 * (persistence engine sip: the one added last), and the way to each of them.
 */
import { addressWords } from '../net/address.js';
import type { NativeEngine } from './addon.js';
import type { DestinationPlace } from './address-observer.js';
import { type Chain, IdChains, NO_ID } from './id-chain.js';
import { PROTOCOL_NUMBERS } from './protocol-number.js';

/** How the host would reach an address. */
export interface Route {
  /** Bytes; 0 where it is not known. */
  readonly mtuBytes: number;
  /** The address the host would use as source, or null. */
  readonly source: string | null;
  /** Name of the device. */
  readonly device: string;
}

type NativePart = Pick<
  NativeEngine,
  | 'addRealServer'
  | 'removeRealServer'
  | 'setRealServerLink'
  | 'addRealPort'
  | 'removeRealPort'
  | 'setRealPortOwner'
  | 'setDestinationRoute'
>;

const UNKNOWN_ROUTE: Route = { mtuBytes: 0, source: null, device: '' };

/** A port of a real server, for one protocol: there is one as long as some destination there is available. */
interface RealPort {
  readonly id: number;
  readonly owners: Chain;
}

interface RealServer {
  readonly id: number;
  /** Of its address: 1 or 4. */
  readonly wordCount: number;
  /** By protocol and port: see {@link portKey}. */
  readonly ports: Map<number, RealPort>;
  readonly destinations: Chain;
  route: Route;
}

/** Hands out small numbers, those that were given back first. */
class Numbers {
  readonly #free: number[] = [];
  #next = 0;

  take(): number {
    return this.#free.pop() ?? this.#next++;
  }

  release(number: number): void {
    this.#free.push(number);
  }
}

export class RealServers {
  readonly #native: NativePart;
  readonly #servers = new Map<string, RealServer>();
  readonly #serverIds = new Numbers();
  readonly #portIds = new Numbers();
  /** By address, and by port. */
  readonly #atAddress = new IdChains();
  readonly #owners = new IdChains();
  /** By destination: its service, and whether it is available. */
  readonly #services: number[] = [];
  readonly #isAvailable: boolean[] = [];
  /** Numbers of devices, from 1. */
  readonly #links = new Map<string, number>();

  constructor(native: NativePart) {
    this.#native = native;
  }

  /** An available destination. */
  add(destinationId: number, place: DestinationPlace, serviceId: number): void {
    const server = this.#servers.get(place.address) ?? this.#addServer(place.address);
    this.#atAddress.append(server.destinations, destinationId);
    this.#services[destinationId] = serviceId;
    this.#isAvailable[destinationId] = false;
    this.setAvailable(destinationId, place, true);
    this.#setRoute(destinationId, server.route, sourceWords(server));
  }

  /**
   * One that is available again comes last, as if it were added. What is not available is no real server to the data plane.
   * Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_rs_hash() and ip_vs_rs_unhash().
   */
  setAvailable(destinationId: number, place: DestinationPlace, isAvailable: boolean): void {
    const key = portKey(place);
    const server = this.#servers.get(place.address);
    if (key === undefined || server === undefined) return;
    const port = isAvailable ? this.#portOf(server, key, place) : server.ports.get(key);
    if (port === undefined) return;
    if (this.#isAvailable[destinationId]) this.#owners.remove(port.owners, destinationId);
    if (isAvailable) this.#owners.append(port.owners, destinationId);
    this.#isAvailable[destinationId] = isAvailable;
    const owner = port.owners.newest;
    if (owner === NO_ID) this.#removePort(server, key, port);
    else this.#native.setRealPortOwner(port.id, this.#services[owner] ?? 0, owner);
  }

  remove(destinationId: number, place: DestinationPlace): void {
    const server = this.#servers.get(place.address);
    if (server === undefined) return;
    this.setAvailable(destinationId, place, false);
    this.#atAddress.remove(server.destinations, destinationId);
    if (server.destinations.newest !== NO_ID) return;
    this.#servers.delete(place.address);
    this.#serverIds.release(server.id);
    this.#native.removeRealServer(server.id);
  }

  /** Holds for the destinations of the address that there are and for those to come. */
  setRoute(address: string, route: Route): void {
    const server = this.#servers.get(address);
    if (server === undefined || isSame(server.route, route)) return;
    server.route = route;
    this.#native.setRealServerLink(server.id, this.#linkOf(route.device));
    const source = sourceWords(server);
    for (const id of this.#atAddress.ids(server.destinations)) this.#setRoute(id, route, source);
  }

  #addServer(address: string): RealServer {
    const words = addressWords(address);
    const destinations = { newest: NO_ID };
    const id = this.#serverIds.take();
    const server = { id, wordCount: words.length, ports: new Map(), destinations, route: UNKNOWN_ROUTE };
    this.#servers.set(address, server);
    this.#native.addRealServer(id, words);
    this.#native.setRealServerLink(id, 0);
    return server;
  }

  /** The port of the place, made where it is missing. */
  #portOf(
    server: RealServer,
    key: number,
    { protocol, port, address }: DestinationPlace,
  ): RealPort | undefined {
    const known = server.ports.get(key);
    if (known !== undefined || protocol === undefined) return known;
    const made = { id: this.#portIds.take(), owners: { newest: NO_ID } };
    server.ports.set(key, made);
    this.#native.addRealPort(made.id, PROTOCOL_NUMBERS[protocol], port, addressWords(address));
    return made;
  }

  #removePort(server: RealServer, key: number, port: RealPort): void {
    server.ports.delete(key);
    this.#portIds.release(port.id);
    this.#native.removeRealPort(port.id);
  }

  #setRoute(destinationId: number, { mtuBytes, device }: Route, source: Uint32Array): void {
    this.#native.setDestinationRoute(destinationId, mtuBytes, source, this.#linkOf(device));
  }

  #linkOf(device: string): number {
    if (device === '') return 0;
    const link = this.#links.get(device) ?? this.#links.size + 1;
    this.#links.set(device, link);
    return link;
  }
}

function sourceWords({ wordCount, route }: RealServer): Uint32Array {
  return route.source === null ? new Uint32Array(wordCount) : addressWords(route.source);
}

function isSame(one: Route, other: Route): boolean {
  return one.mtuBytes === other.mtuBytes && one.source === other.source && one.device === other.device;
}

function portKey({ protocol, port }: DestinationPlace): number | undefined {
  return protocol === undefined || port === 0 ? undefined : PROTOCOL_NUMBERS[protocol] * 2 ** 16 + port;
}
