import type { Destination } from './destination.js';
import { destinationName } from './name.js';
import type { DestinationKey } from './specification.js';

/**
 * Implementation: up to as many destinations are searched one by one, which takes no longer than making the name to look
 * one up by, and a table of names for each of 10,000 services would be a quarter of all that the model takes.
 */
const MOST_WITHOUT_NAMES = 32;

/**
 * The destinations of a service. Schedulers see them newest first, in an array as long as need be: to put one at the
 * head of that costs time in proportion to its length, so it is not made before somebody asks for it. Of the 100,000
 * that a restore may bring, nobody does.
 */
export class DestinationList implements Iterable<Destination> {
  readonly #oldestFirst: Destination[] = [];
  /** Once there are many. */
  #byName: Map<string, Destination> | null = null;
  /** The same in the other order, once asked for. */
  #newestFirst: Destination[] | null = null;
  #frozen: readonly Destination[] | null = null;

  get size(): number {
    return this.#oldestFirst.length;
  }

  /** Live. */
  get newestFirst(): readonly Destination[] {
    this.#newestFirst ??= this.#oldestFirst.toReversed();
    return this.#newestFirst;
  }

  /** The same as of now, for those who are not trusted to leave it as it is. Made anew after each change. */
  get frozen(): readonly Destination[] {
    this.#frozen ??= Object.freeze(this.#oldestFirst.toReversed());
    return this.#frozen;
  }

  /** Those that are there now, newest first. */
  snapshot(): readonly Destination[] {
    return this.#oldestFirst.toReversed();
  }

  /** Oldest first. */
  [Symbol.iterator](): Iterator<Destination> {
    return this.#oldestFirst.values();
  }

  find(key: DestinationKey): Destination | undefined {
    if (this.#byName !== null) return this.#byName.get(destinationName(key));
    const { address, port } = key;
    return this.#oldestFirst.find((one) => one.port === port && one.address === address);
  }

  /** @param place where in `newestFirst` it comes to be; one beyond the end is the end */
  add(destination: Destination, place = 0): void {
    this.#frozen = null;
    if (place === 0) this.#oldestFirst.push(destination);
    else this.#oldestFirst.splice(Math.max(this.#oldestFirst.length - place, 0), 0, destination);
    this.#newestFirst?.splice(place, 0, destination);
    if (this.#byName !== null) this.#byName.set(destinationName(destination), destination);
    else if (this.#oldestFirst.length > MOST_WITHOUT_NAMES) this.#makeNames();
  }

  /** Where in `newestFirst` it was, -1 where it was not there. */
  remove(destination: Destination): number {
    const at = this.#oldestFirst.lastIndexOf(destination);
    if (at < 0) return -1;
    this.#frozen = null;
    this.#oldestFirst.splice(at, 1);
    const index = this.#oldestFirst.length - at;
    this.#newestFirst?.splice(index, 1);
    this.#byName?.delete(destinationName(destination));
    return index;
  }

  clear(): void {
    this.#oldestFirst.length = 0;
    this.#frozen = null;
    this.#newestFirst = null;
    this.#byName = null;
  }

  #makeNames(): void {
    this.#byName = new Map(this.#oldestFirst.map((one) => [destinationName(one), one]));
  }
}
