/**
 * Cuts what a client sends into lines and bounds what the lines that have no end yet hold: MAX_SHORT_REQUEST_BYTES each
 * or, for a line that begins as a batch does, MAX_REQUEST_BYTES; and of such long ones MAX_HELD_BYTES over all clients, answered
 * ones not counted. Half of that is for root and the daemon's user alone: nobody keeps them from a batch.
 */
import { UipvsError } from '../base/error.js';
import { BATCH_BEGINNING, MAX_REQUEST_BYTES, MAX_SHORT_REQUEST_BYTES } from './protocol.js';

/** Two of the longest batches at once, one of them not by others than root and the daemon's user. */
const MAX_HELD_BYTES = 2 * MAX_REQUEST_BYTES;
const MAX_HELD_FOR_OTHERS = MAX_REQUEST_BYTES;
const NEWLINE = 0x0a;

/** What the unfinished long lines of all clients hold together. */
export class HeldBytes {
  #total = 0;

  /** Whether there is room for `bytes` more in the first `most`, which are then held. */
  hold(bytes: number, most: number): boolean {
    if (this.#total + bytes > most) return false;
    this.#total += bytes;
    return true;
  }

  release(bytes: number): void {
    this.#total -= bytes;
  }
}

/** The lines of one client. */
export class LineReader {
  readonly #held: HeldBytes;
  readonly #longestBytes: number;
  readonly #mostHeld: number;
  #pieces: Buffer[] = [];
  #bytes = 0;
  /** What `#held` holds for this one. */
  #heldHere = 0;

  /** `longestBytes`: of a batch. `isPrivileged`: of root, or of the daemon's user. */
  constructor(held: HeldBytes, longestBytes: number, isPrivileged: boolean) {
    this.#mostHeld = isPrivileged ? MAX_HELD_BYTES : MAX_HELD_FOR_OTHERS;
    this.#held = held;
    this.#longestBytes = longestBytes;
  }

  /** The lines that `chunk` ends, without their ends; the next is asked for when one is dealt with. Throws EINVAL for a line too long, EBUSY for want of room. */
  *push(chunk: Buffer): Generator<string, void, void> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#append(chunk.subarray(start, end));
      start = end + 1;
      const line = Buffer.concat(this.#pieces, this.#bytes).toString('utf8');
      this.#pieces = [];
      this.#bytes = 0;
      yield line;
      // What is made of a long line holds as much, until it was answered.
      this.clear();
    }
    if (start < chunk.length) this.#append(chunk.subarray(start));
  }

  /** Forgets the line that has no end yet. */
  clear(): void {
    this.#pieces = [];
    this.#bytes = 0;
    this.#held.release(this.#heldHere);
    this.#heldHere = 0;
  }

  #append(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes <= MAX_SHORT_REQUEST_BYTES) return;
    const limit = this.#isBatch() ? this.#longestBytes : MAX_SHORT_REQUEST_BYTES;
    if (this.#bytes > limit) {
      throw new UipvsError('EINVAL', `Expected a request of at most ${limit} bytes but received more`);
    }
    const more = this.#bytes - this.#heldHere;
    if (!this.#held.hold(more, this.#mostHeld)) {
      throw new UipvsError('EBUSY', `Batches of other clients hold ${this.#mostHeld} bytes: try again`);
    }
    this.#heldHere = this.#bytes;
  }

  #isBatch(): boolean {
    const [first] = this.#pieces;
    if (first !== undefined && first.length < BATCH_BEGINNING.length) {
      this.#pieces = [Buffer.concat(this.#pieces, this.#bytes)];
    }
    return this.#pieces[0]?.toString('latin1', 0, BATCH_BEGINNING.length) === BATCH_BEGINNING;
  }
}
