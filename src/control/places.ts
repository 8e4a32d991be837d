/**
 * The places of a socket, one a client. They are bounded, and so is what one user can take of them: whoever fills his
 * with clients that say nothing keeps nobody else out. Some are kept for root and the daemon's own user, who are not
 * bounded among themselves: whatever others do, they can get in.
 */

const MAX_CLIENTS = 64;
const MAX_CLIENTS_OF_ONE = 16;
const KEPT = 8;

export class Places {
  readonly #isPrivileged: (uid: number) => boolean;
  readonly #byUser = new Map<number, number>();
  #taken = 0;
  /** Of these, by others. */
  #byOthers = 0;

  constructor(isPrivileged: (uid: number) => boolean) {
    this.#isPrivileged = isPrivileged;
  }

  /** Takes one for the user, or says in a sentence why there is none. */
  take(uid: number): string | null {
    const own = this.#byUser.get(uid) ?? 0;
    const isPrivileged = this.#isPrivileged(uid);
    if (!isPrivileged && own >= MAX_CLIENTS_OF_ONE) return `User ${uid} has ${own} clients here already`;
    const isFull = this.#taken >= MAX_CLIENTS || (!isPrivileged && this.#byOthers >= MAX_CLIENTS - KEPT);
    if (isFull) return `There are ${this.#taken} clients here already`;
    this.#byUser.set(uid, own + 1);
    this.#taken += 1;
    if (!isPrivileged) this.#byOthers += 1;
    return null;
  }

  /** Gives one of the user's back. */
  release(uid: number): void {
    const own = this.#byUser.get(uid) ?? 0;
    if (own > 1) this.#byUser.set(uid, own - 1);
    else this.#byUser.delete(uid);
    this.#taken -= 1;
    if (!this.#isPrivileged(uid)) this.#byOthers -= 1;
  }
}
