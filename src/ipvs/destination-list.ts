import type { Destination } from './destination.js';
import { destinationName } from './name.js';
import type { DestinationKey } from './specification.js';

/**
 * The destinations of a service. Schedulers see them newest first, in an array as long as need be: to put one at the
 * head of that costs time in proportion to its length, so it is not made before somebody asks for it. Of the 100,000
 * that a restore may bring, nobody does.
 */
export class DestinationList implements Iterable<Destination> {
  readonly #oldestFirst: Destination[] = [];
  readonly #byName = new Map<string, Destination>();
  /** The same in the other order, once asked for. */
  #newestFirst: Destination[] | null = null;

  /** Live. */
  get newestFirst(): readonly Destination[] {
    this.#newestFirst ??= this.#oldestFirst.toReversed();
    return this.#newestFirst;
  }

  /** Oldest first. */
  [Symbol.iterator](): Iterator<Destination> {
    return this.#oldestFirst.values();
  }

  find(key: DestinationKey): Destination | undefined {
    return this.#byName.get(destinationName(key));
  }

  add(destination: Destination): void {
    this.#oldestFirst.push(destination);
    this.#newestFirst?.unshift(destination);
    this.#byName.set(destinationName(destination), destination);
  }

  /** Where in `newestFirst` it was, -1 where it was not there. */
  remove(destination: Destination): number {
    const at = this.#oldestFirst.lastIndexOf(destination);
    if (at < 0) return -1;
    this.#oldestFirst.splice(at, 1);
    const index = this.#oldestFirst.length - at;
    this.#newestFirst?.splice(index, 1);
    this.#byName.delete(destinationName(destination));
    return index;
  }

  clear(): void {
    this.#oldestFirst.length = 0;
    this.#newestFirst = null;
    this.#byName.clear();
  }
}
