/**
 * The addresses of destinations, as the data plane wants to know them: which ones there are (a client that is one of
 * them may be reached past the director), which ports they have (nat_icmp_send), and the way to each of them.
 */
import { addressWords } from '../net/address.js';
import type { NativeEngine } from './addon.js';
import type { DestinationPlace } from './engine.js';
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
  | 'setDestinationRoute'
>;

/** Small numbers for keys that are used several times. */
class Counted {
  readonly #entries = new Map<string, { readonly id: number; count: number }>();
  readonly #free: number[] = [];
  #next = 0;

  /** The number, where the key is new. */
  add(key: string): number | undefined {
    const entry = this.#entries.get(key);
    if (entry !== undefined) {
      entry.count += 1;
      return undefined;
    }
    const id = this.#free.pop() ?? this.#next++;
    this.#entries.set(key, { id, count: 1 });
    return id;
  }

  /** The number, where that was its last use. */
  remove(key: string): number | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    entry.count -= 1;
    if (entry.count > 0) return undefined;
    this.#entries.delete(key);
    this.#free.push(entry.id);
    return entry.id;
  }

  idOf(key: string): number | undefined {
    return this.#entries.get(key)?.id;
  }
}

export class RealServers {
  readonly #native: NativePart;
  readonly #addresses = new Counted();
  readonly #ports = new Counted();
  readonly #destinations = new Map<string, Set<number>>();
  readonly #routes = new Map<string, Route>();
  /** Numbers of devices, from 1. */
  readonly #links = new Map<string, number>();

  constructor(native: NativePart) {
    this.#native = native;
  }

  add(destinationId: number, place: DestinationPlace): void {
    const { address } = place;
    const words = addressWords(address);
    const id = this.#addresses.add(address);
    if (id !== undefined) this.#native.addRealServer(id, words);
    const port = portKey(place);
    const portId = port === undefined ? undefined : this.#ports.add(port);
    if (portId !== undefined && place.protocol !== undefined) {
      this.#native.addRealPort(portId, PROTOCOL_NUMBERS[place.protocol], place.port, words);
    }
    const ids = this.#destinations.get(address) ?? new Set();
    this.#destinations.set(address, ids.add(destinationId));
    const route = this.#routes.get(address);
    this.#setRoute(address, destinationId, route ?? { mtuBytes: 0, source: null, device: '' });
  }

  remove(destinationId: number, place: DestinationPlace): void {
    const { address } = place;
    const port = portKey(place);
    const portId = port === undefined ? undefined : this.#ports.remove(port);
    if (portId !== undefined) this.#native.removeRealPort(portId);
    this.#destinations.get(address)?.delete(destinationId);
    const id = this.#addresses.remove(address);
    if (id === undefined) return;
    this.#native.removeRealServer(id);
    this.#destinations.delete(address);
    this.#routes.delete(address);
  }

  /** Holds for the destinations of the address that there are and for those to come. */
  setRoute(address: string, route: Route): void {
    const ids = this.#destinations.get(address);
    if (ids === undefined) return;
    this.#routes.set(address, route);
    for (const id of ids) this.#setRoute(address, id, route);
  }

  #setRoute(address: string, destinationId: number, { mtuBytes, source, device }: Route): void {
    const words = addressWords(address);
    const sourceWords = source === null ? new Uint32Array(words.length) : addressWords(source);
    const link = this.#linkOf(device);
    this.#native.setDestinationRoute(destinationId, mtuBytes, sourceWords, link);
    const id = this.#addresses.idOf(address);
    if (id !== undefined) this.#native.setRealServerLink(id, link);
  }

  #linkOf(device: string): number {
    if (device === '') return 0;
    const link = this.#links.get(device) ?? this.#links.size + 1;
    this.#links.set(device, link);
    return link;
  }
}

function portKey({ protocol, address, port }: DestinationPlace): string | undefined {
  return protocol === undefined || port === 0 ? undefined : `${protocol} ${address} ${port}`;
}
