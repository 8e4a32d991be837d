import type { RawCounters } from './data-plane.js';

/** The names of the five counters, in ipvsadm's column order. */
export const COUNTER_NAMES = ['connections', 'inPackets', 'outPackets', 'inBytes', 'outBytes'] as const;

export type CounterName = (typeof COUNTER_NAMES)[number];

/** All 0, one object for all who have nothing to show. */
export const NO_COUNTERS: Readonly<RawCounters> = Object.freeze(zeroCounters());

/** New counters, all 0. */
export function zeroCounters(): RawCounters {
  return { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };
}

// Field by field, because 100,000 destinations are summed up every two seconds.

/** Adds `more` to `counters`. */
export function add(counters: RawCounters, more: Readonly<RawCounters>): void {
  counters.connections += more.connections;
  counters.inPackets += more.inPackets;
  counters.outPackets += more.outPackets;
  counters.inBytes += more.inBytes;
  counters.outBytes += more.outBytes;
}

/** Takes `less` from `counters`. */
export function subtract(counters: RawCounters, less: Readonly<RawCounters>): void {
  counters.connections -= less.connections;
  counters.inPackets -= less.inPackets;
  counters.outPackets -= less.outPackets;
  counters.inBytes -= less.inBytes;
  counters.outBytes -= less.outBytes;
}

/** Makes `counters` what `source` is. */
export function assign(counters: RawCounters, source: Readonly<RawCounters>): void {
  counters.connections = source.connections;
  counters.inPackets = source.inPackets;
  counters.outPackets = source.outPackets;
  counters.inBytes = source.inBytes;
  counters.outBytes = source.outBytes;
}

export function isZero({
  connections,
  inPackets,
  outPackets,
  inBytes,
  outBytes,
}: Readonly<RawCounters>): boolean {
  return connections === 0 && inPackets === 0 && outPackets === 0 && inBytes === 0 && outBytes === 0;
}
