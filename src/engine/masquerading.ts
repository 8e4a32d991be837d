import { addressWords } from '../net/address.js';
import type { NativeEngine } from './addon.js';

type NativePart = Pick<
  NativeEngine,
  'setMasqueradePorts' | 'addMasqueradeAddress' | 'setMasqueradeAddressUsable'
>;

/** Where masqueraded connections come from, as their real servers see them. */
export class Masquerading {
  readonly #native: NativePart;

  constructor(native: NativePart) {
    this.#native = native;
  }

  /** For each port of a real server, and each address. */
  setPorts(first: number, last: number): void {
    this.#native.setMasqueradePorts(first, last);
  }

  /** In place of the address that the host itself would use; for good, before the engine starts. It has to be a VIP too. */
  addAddress(address: string): void {
    this.#native.addMasqueradeAddress(addressWords(address));
  }

  /** Whether new connections may have it. */
  setUsable(address: string, isUsable: boolean): void {
    this.#native.setMasqueradeAddressUsable(addressWords(address), isUsable);
  }
}
