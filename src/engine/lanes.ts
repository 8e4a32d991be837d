/**
 * Destination counters in shared memory: lane 0 is written here, every other lane by its worker (native/core/accounting.h).
 * A reader sums the lanes.
 */
import { assign, NO_COUNTERS } from '../ipvs/counters.js';
import type { RawCounters } from '../ipvs/data-plane.js';

const LANE_BYTES = 64;
const ACTIVE = 10;
const INACTIVE = 11;
const PERSISTENT = 12;
/** Of lane 0; written by every thread. */
const OVERLOADED = 13;
const WORDS = LANE_BYTES / 4;
/** Of the five counters. */
const COUNTER_HALVES = 10;

export class DestinationLanes {
  readonly #words: Int32Array;
  /** The same memory: 64-bit counters as two words, the low one first, because BigInts cost an allocation each. */
  readonly #halves: Uint32Array;
  readonly #destinations: number;
  readonly #laneCount: number;

  constructor(memory: ArrayBuffer, destinations: number) {
    this.#words = new Int32Array(memory);
    this.#halves = new Uint32Array(memory);
    this.#destinations = destinations;
    this.#laneCount = memory.byteLength / LANE_BYTES / destinations;
  }

  active(destinationId: number): number {
    return this.#sumWord(destinationId, ACTIVE);
  }

  inactive(destinationId: number): number {
    return this.#sumWord(destinationId, INACTIVE);
  }

  persistent(destinationId: number): number {
    return this.#sumWord(destinationId, PERSISTENT);
  }

  isOverloaded(destinationId: number): boolean {
    return Atomics.load(this.#words, destinationId * WORDS + OVERLOADED) !== 0;
  }

  setOverloaded(destinationId: number, isOverloaded: boolean): void {
    Atomics.store(this.#words, destinationId * WORDS + OVERLOADED, isOverloaded ? 1 : 0);
  }

  /** Counts a connection that was just decided for; the worker counts it out again. */
  countDecided(destinationId: number, isActive: boolean): void {
    const at = destinationId * WORDS + (isActive ? ACTIVE : INACTIVE);
    this.#words[at] = (this.#words[at] ?? 0) + 1;
  }

  read(destinationId: number, into: RawCounters): void {
    if (this.#isUntouched(destinationId)) {
      assign(into, NO_COUNTERS);
      return;
    }
    into.connections = this.#sumLong(destinationId, 0);
    into.inPackets = this.#sumLong(destinationId, 1);
    into.outPackets = this.#sumLong(destinationId, 2);
    into.inBytes = this.#sumLong(destinationId, 3);
    into.outBytes = this.#sumLong(destinationId, 4);
  }

  /** Whether nothing was ever counted. Most of 100,000 destinations are so, and all are looked at every two seconds. */
  #isUntouched(destinationId: number): boolean {
    const halves = this.#halves;
    for (let lane = 1; lane < this.#laneCount; lane += 1) {
      const at = (lane * this.#destinations + destinationId) * WORDS;
      for (let half = at; half < at + COUNTER_HALVES; half += 1) {
        if (halves[half] !== 0) return false;
      }
    }
    return true;
  }

  #sumWord(destinationId: number, word: number): number {
    let sum = 0;
    for (let lane = 0; lane < this.#laneCount; lane += 1) {
      sum += this.#words[(lane * this.#destinations + destinationId) * WORDS + word] ?? 0;
    }
    // Lanes are read one after another, so a connection that moves meanwhile may be seen leaving twice.
    return Math.max(sum, 0);
  }

  #sumLong(destinationId: number, long: number): number {
    let sum = 0;
    // Packets are counted by workers alone, so lane 0 has none.
    for (let lane = 1; lane < this.#laneCount; lane += 1) {
      sum += this.#readLong((lane * this.#destinations + destinationId) * WORDS + 2 * long);
    }
    return sum;
  }

  /** The worker may carry from the low half to the high one between the two reads: then the high one is read anew. */
  #readLong(at: number): number {
    for (;;) {
      const high = Atomics.load(this.#halves, at + 1);
      const low = Atomics.load(this.#halves, at);
      if (high === Atomics.load(this.#halves, at + 1)) return high * 2 ** 32 + low;
    }
  }
}
