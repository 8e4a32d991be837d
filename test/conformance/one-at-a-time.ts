/** Lets pieces of work through one at a time, in the order they came. */
export class OneAtATime {
  #last: Promise<unknown> = Promise.resolve();

  /** Do `work` when everything before it has ended, well or badly; gives back what it does. */
  do<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }
}
