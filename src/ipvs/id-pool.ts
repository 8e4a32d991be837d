/** Hands out the integers from 0 up to a limit, always the lowest free one. */
export class IdPool {
  readonly #limit: number;
  /** Every id from here on is free. */
  #firstUnused = 0;
  /** Free ids below `#firstUnused`, greatest first. */
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
    const released = this.#released.pop();
    if (released !== undefined) return released;
    if (this.#firstUnused >= this.#limit) return undefined;
    this.#firstUnused += 1;
    return this.#firstUnused - 1;
  }

  /** @param id one that `take` gave and that nobody released since */
  release(id: number): void {
    let at = this.#released.length;
    while (at > 0 && (this.#released[at - 1] ?? id) < id) at -= 1;
    this.#released.splice(at, 0, id);
  }
}
