/**
 * Turns of the event loop for long answers, one at a time: however many clients ask for one, only one piece is made
 * before everything else that waits is looked at.
 */
export class Turns {
  readonly #waiting: (() => void)[] = [];

  /** Settles in a turn that nobody else has. */
  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#waiting.length === 1) this.#plan();
    });
  }

  #plan(): void {
    setImmediate(() => {
      this.#waiting.shift()?.();
      if (this.#waiting.length > 0) this.#plan();
    });
  }
}
