import type { RawCounters } from './data-plane.js';

/** The names of the five counters, in ipvsadm's column order. */
export const COUNTER_NAMES = ['connections', 'inPackets', 'outPackets', 'inBytes', 'outBytes'] as const;

export type CounterName = (typeof COUNTER_NAMES)[number];

/** New counters, all 0. */
export function zeroCounters(): RawCounters {
  return { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };
}

/** New counters: `left` plus `right`. */
export function sumOf(left: Readonly<RawCounters>, right: Readonly<RawCounters>): RawCounters {
  const sum = zeroCounters();
  for (const name of COUNTER_NAMES) sum[name] = left[name] + right[name];
  return sum;
}

/** New counters: what `later` has more than `earlier`. */
export function differenceOf(later: Readonly<RawCounters>, earlier: Readonly<RawCounters>): RawCounters {
  const difference = zeroCounters();
  for (const name of COUNTER_NAMES) difference[name] = later[name] - earlier[name];
  return difference;
}
