/** Where a chain of ids begins: at the one appended last. */
export interface Chain {
  newest: number;
}

/** The id that stands for none. */
export const NO_ID = -1;

/**
 * Chains of small integers, in the order in which they were appended, an id in one chain at most. All chains share two
 * arrays, so that an id costs 16 bytes whether its chain has one of them or 100,000, and removing one takes the same
 * short time.
 */
export class IdChains {
  /** By id: the one appended before it, and the one after. */
  readonly #older: number[] = [];
  readonly #newer: number[] = [];

  /** @param id one that is in no chain */
  append(chain: Chain, id: number): void {
    this.#older[id] = chain.newest;
    this.#newer[id] = NO_ID;
    if (chain.newest !== NO_ID) this.#newer[chain.newest] = id;
    chain.newest = id;
  }

  /** @param id one that is in `chain` */
  remove(chain: Chain, id: number): void {
    const older = this.#older[id] ?? NO_ID;
    const newer = this.#newer[id] ?? NO_ID;
    if (older !== NO_ID) this.#newer[older] = newer;
    if (newer !== NO_ID) this.#older[newer] = older;
    else chain.newest = older;
  }

  /** Newest first. */
  *ids(chain: Chain): Generator<number> {
    for (let id = chain.newest; id !== NO_ID; id = this.#older[id] ?? NO_ID) yield id;
  }
}
