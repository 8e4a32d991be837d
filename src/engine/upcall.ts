/**
 * Theory of operation: the control thread's end of the upcall (native/engine/rings.h).
 *
 * A worker posts a request for the first packet of each connection and rings once; `drain` takes every request that is
 * there, asks `decide` for a destination id, counts the connection at once (so that the next decision sees it), posts the
 * verdict, and wakes the worker once. Nothing is allocated per request: one flow object over the ring's own memory is
 * handed to the scheduler again and again.
 */
import type { FiveTuple } from '../ipvs/scheduler.js';
import type { Family } from '../net/family.js';

const HEADER_WORDS = 48;
const REQUEST_WORDS = 16;
const VERDICT_WORDS = 2;
const HEAD = 0;
const TAIL = 16;
const DOORBELL = 32;

/** Chooses for a flow of a service: a destination id, or a negative number where none can take it. */
export type Decide = (serviceId: number, flow: FiveTuple) => number;

class RingFlow implements FiveTuple {
  family: Family = 4;
  protocol = 0;
  sourcePort = 0;
  destinationPort = 0;
  sourceWords: Uint32Array;
  destinationWords: Uint32Array;
  readonly #source4: readonly Uint32Array[];
  readonly #source6: readonly Uint32Array[];
  readonly #destination4: readonly Uint32Array[];
  readonly #destination6: readonly Uint32Array[];
  readonly #words: Uint32Array;

  constructor(words: Uint32Array, entries: number) {
    const views = (offset: number, length: number) =>
      Array.from({ length: entries }, (_, entry) => {
        const at = HEADER_WORDS + entry * REQUEST_WORDS + offset;
        return words.subarray(at, at + length);
      });
    this.#words = words;
    this.#source4 = views(4, 1);
    this.#source6 = views(4, 4);
    this.#destination4 = views(8, 1);
    this.#destination6 = views(8, 4);
    this.sourceWords = words.subarray(0, 0);
    this.destinationWords = this.sourceWords;
  }

  /** Points at entry number `entry` of the ring. */
  moveTo(entry: number): void {
    const at = HEADER_WORDS + entry * REQUEST_WORDS;
    const kind = this.#words[at + 2] ?? 0;
    const ports = this.#words[at + 3] ?? 0;
    const isIpv6 = (kind & 0xff) === 6;
    this.family = isIpv6 ? 6 : 4;
    this.protocol = (kind >>> 8) & 0xff;
    this.sourcePort = ports & 0xffff;
    this.destinationPort = ports >>> 16;
    this.sourceWords = (isIpv6 ? this.#source6 : this.#source4)[entry] ?? this.sourceWords;
    this.destinationWords =
      (isIpv6 ? this.#destination6 : this.#destination4)[entry] ?? this.destinationWords;
  }
}

export class UpcallRing {
  readonly #requests: Int32Array;
  readonly #requestWords: Uint32Array;
  readonly #verdicts: Int32Array;
  readonly #entries: number;
  readonly #flow: RingFlow;
  readonly #wake: () => void;

  /** `memory` holds the request ring and, behind it, the verdict ring, of `entries` entries each. */
  constructor(memory: ArrayBuffer, entries: number, wake: () => void) {
    const requestBytes = (HEADER_WORDS + REQUEST_WORDS * entries) * 4;
    const verdictBytes = (HEADER_WORDS + VERDICT_WORDS * entries) * 4;
    if (memory.byteLength !== requestBytes + verdictBytes) {
      throw new RangeError(
        `Expected upcall rings of ${requestBytes + verdictBytes} bytes but received ${memory.byteLength}`,
      );
    }
    this.#requests = new Int32Array(memory, 0, requestBytes / 4);
    this.#requestWords = new Uint32Array(memory, 0, requestBytes / 4);
    this.#verdicts = new Int32Array(memory, requestBytes, verdictBytes / 4);
    this.#entries = entries;
    this.#flow = new RingFlow(this.#requestWords, entries);
    this.#wake = wake;
  }

  /** Requests that wait, as a part of the ring. */
  get use(): number {
    const waiting = (Atomics.load(this.#requests, HEAD) - Atomics.load(this.#requests, TAIL)) | 0;
    return waiting / this.#entries;
  }

  /** Answers every request that is there; returns how many. */
  drain(decide: Decide): number {
    const requests = this.#requests;
    const verdicts = this.#verdicts;
    // Cleared before the ring is read: whatever is posted after the read below rings again.
    Atomics.store(requests, DOORBELL, 0);
    let tail = Atomics.load(requests, TAIL);
    let verdictHead = Atomics.load(verdicts, HEAD);
    let answered = 0;
    for (let head = Atomics.load(requests, HEAD); tail !== head; head = Atomics.load(requests, HEAD)) {
      for (; tail !== head; tail = (tail + 1) | 0) {
        const entry = (tail >>> 0) % this.#entries;
        const at = HEADER_WORDS + entry * REQUEST_WORDS;
        this.#flow.moveTo(entry);
        const serviceId = this.#requestWords[at + 1] ?? 0;
        // A worker has at most as many tickets as a ring has entries, so the verdict ring always has room.
        const to = HEADER_WORDS + ((verdictHead >>> 0) % this.#entries) * VERDICT_WORDS;
        verdicts[to] = requests[at] ?? 0;
        verdicts[to + 1] = decide(serviceId, this.#flow);
        verdictHead = (verdictHead + 1) | 0;
        answered += 1;
      }
      Atomics.store(requests, TAIL, tail);
      Atomics.store(verdicts, HEAD, verdictHead);
      this.#wake();
    }
    return answered;
  }
}
