import { addressWords } from '../net/address.js';
import type { NativeEngine } from './addon.js';
import type { AddressOverlap } from './address-overlap.js';

/** The addresses that the engine answers for as a host does, wherever no service does. */
export class Vips {
  readonly #native: Pick<NativeEngine, 'addVip' | 'removeVip' | 'setVipLocal'>;
  readonly #overlap: AddressOverlap;
  readonly #ids = new Map<string, number>();
  readonly #local = new Set<string>();
  readonly #freeIds: number[] = [];

  constructor(native: Pick<NativeEngine, 'addVip' | 'removeVip' | 'setVipLocal'>, overlap: AddressOverlap) {
    this.#native = native;
    this.#overlap = overlap;
  }

  /** False, and nothing happens, where it is there. */
  add(address: string): boolean {
    if (this.#ids.has(address)) return false;
    // There are never more VIPs than services and masquerading addresses, so an id below the engine's limit is left.
    const id = this.#freeIds.pop() ?? this.#ids.size;
    this.#ids.set(address, id);
    this.#native.addVip(id, addressWords(address));
    this.#overlap.addVip(address);
    return true;
  }

  /** Whether the VIP is an address of the host, which then gets what no connection and no service takes. */
  setLocal(address: string, isLocal: boolean): void {
    const id = this.#ids.get(address);
    if (id === undefined) return;
    this.#native.setVipLocal(id, isLocal);
    if (isLocal) this.#local.add(address);
    else this.#local.delete(address);
  }

  isLocal(address: string): boolean {
    return this.#local.has(address);
  }

  /** Nothing happens where it is not there. */
  remove(address: string): void {
    const id = this.#ids.get(address);
    if (id === undefined) return;
    this.#ids.delete(address);
    this.#local.delete(address);
    this.#native.removeVip(id);
    this.#freeIds.push(id);
    this.#overlap.removeVip(address);
  }
}
