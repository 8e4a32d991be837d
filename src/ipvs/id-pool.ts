/** Hands out the integers from 0 up to a limit, always the lowest free one. */
export class IdPool {
  readonly #limit: number;
  /** Every id from here on is free. */
  #firstUnused = 0;
  /** Free ids below `#firstUnused`, a heap: none is above those at twice its index plus 1 and plus 2. */
  readonly #released: number[] = [];

  /** @param limit how many ids there are */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get isExhausted(): boolean {
    return this.#released.length === 0 && this.#firstUnused >= this.#limit;
  }

  /** An id, or undefined where all are taken. */
  take(): number | undefined {
    const [lowest] = this.#released;
    if (lowest !== undefined) {
      const last = this.#released.pop();
      if (last !== undefined && this.#released.length > 0) this.#sink(last);
      return lowest;
    }
    if (this.#firstUnused >= this.#limit) return undefined;
    this.#firstUnused += 1;
    return this.#firstUnused - 1;
  }

  /** Sets ids apart that `take` then does not give, and `release` takes back. @param ids while none was ever taken */
  keep(ids: ReadonlySet<number>): void {
    let greatest = -1;
    for (const id of ids) greatest = Math.max(greatest, id);
    this.#firstUnused = greatest + 1;
    // In rising order a heap already.
    for (let id = 0; id < this.#firstUnused; id += 1) if (!ids.has(id)) this.#released.push(id);
  }

  /** @param id one that `take` gave and that nobody released since */
  release(id: number): void {
    const heap = this.#released;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      const other = heap[above] ?? id;
      if (other <= id) break;
      heap[at] = other;
      at = above;
    }
    heap[at] = id;
  }

  /** Puts `id` in the place of the lowest one. */
  #sink(id: number): void {
    const heap = this.#released;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      const left = heap[below] ?? id;
      const right = heap[below + 1] ?? left;
      if (right < left) below += 1;
      const least = Math.min(left, right);
      if (least >= id) break;
      heap[at] = least;
      at = below;
    }
    heap[at] = id;
  }
}
