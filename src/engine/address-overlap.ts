/** Tells whether any address is a VIP and a destination at once, in constant time for every edit. */
export class AddressOverlap {
  readonly #vips = new Set<string>();
  readonly #destinations = new Map<string, number>();
  #overlapping = 0;

  get exists(): boolean {
    return this.#overlapping > 0;
  }

  addVip(address: string): void {
    if (this.#vips.has(address)) return;
    this.#vips.add(address);
    if (this.#destinations.has(address)) this.#overlapping += 1;
  }

  removeVip(address: string): void {
    if (this.#vips.delete(address) && this.#destinations.has(address)) this.#overlapping -= 1;
  }

  addDestination(address: string): void {
    const count = this.#destinations.get(address) ?? 0;
    this.#destinations.set(address, count + 1);
    if (count === 0 && this.#vips.has(address)) this.#overlapping += 1;
  }

  removeDestination(address: string): void {
    const count = this.#destinations.get(address) ?? 0;
    if (count > 1) {
      this.#destinations.set(address, count - 1);
    } else if (this.#destinations.delete(address) && this.#vips.has(address)) {
      this.#overlapping -= 1;
    }
  }
}
