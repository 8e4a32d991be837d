/**
 * Tasks one after another, in the order in which they are given. A task that ends at once is carried out at once where
 * no other is under way, so that the many short ones cost nothing; a long one gives way to the event loop meanwhile and
 * the others wait.
 */
export class InOrder {
  #isBusy = false;
  readonly #waiting: (() => void)[] = [];

  /** What the task returns; rejects with what it throws. */
  async run<Result>(task: () => Result | Promise<Result>): Promise<Result> {
    if (this.#isBusy) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#isBusy = true;
    try {
      const result = task();
      return result instanceof Promise ? await result : result;
    } finally {
      this.#isBusy = this.#waiting.length > 0;
      this.#waiting.shift()?.();
    }
  }
}
