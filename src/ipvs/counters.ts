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

/** Adds `more` to `counters`. */
export function add(counters: RawCounters, more: Readonly<RawCounters>): void {
  for (const name of COUNTER_NAMES) counters[name] += more[name];
}

/** Takes `less` from `counters`. */
export function subtract(counters: RawCounters, less: Readonly<RawCounters>): void {
  for (const name of COUNTER_NAMES) counters[name] -= less[name];
}

/** Makes `counters` what `source` is. */
export function assign(counters: RawCounters, source: Readonly<RawCounters>): void {
  for (const name of COUNTER_NAMES) counters[name] = source[name];
}

export function isZero(counters: Readonly<RawCounters>): boolean {
  return COUNTER_NAMES.every((name) => counters[name] === 0);
}
