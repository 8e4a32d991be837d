/** One family's virtual addresses that are no addresses of the host, and a few networks around them. */
import type { Box } from './box.js';
import { Cover } from './cover.js';
import { itemOf } from './cover-split.js';

export class RoutedVips {
  readonly #addresses = new Set<string>();
  readonly #cover = new Cover();

  get addresses(): ReadonlySet<string> {
    return this.#addresses;
  }

  /** Networks that have them all, and perhaps others. */
  networks(): readonly Box[] {
    return this.#cover.settle().map(({ box }) => box);
  }

  /** Takes note of whether it is one; true where that has changed. */
  note(address: string, isRouted: boolean): boolean {
    if (isRouted === this.#addresses.has(address)) return false;
    const item = itemOf(address, '');
    if (isRouted) {
      this.#addresses.add(address);
      this.#cover.add(item);
    } else {
      this.#addresses.delete(address);
      this.#cover.remove(item);
    }
    return true;
  }
}
