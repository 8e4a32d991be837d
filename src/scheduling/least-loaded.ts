import type { SchedulableDestination } from '../ipvs/scheduler.js';
import { isUsable } from '../ipvs/usable.js';
import { isMoreLoaded } from './overhead.js';

/**
 * The usable destination of `candidates` with the least overhead per weight, the first in the list among equals;
 * undefined where none is usable.
 *
 * Source: net/netfilter/ipvs/ip_vs_wlc.c, ip_vs_wlc_schedule; the loops of sed, lblc and lblcr are the same.
 *
 * @param overheadOf the load of a destination; overheads are to compare as `isMoreLoaded` says
 * @param present where given, candidates that are not in it too are passed over
 */
export function leastLoaded(
  candidates: readonly SchedulableDestination[],
  overheadOf: (destination: SchedulableDestination) => number,
  present: readonly SchedulableDestination[] = candidates,
): SchedulableDestination | undefined {
  let least: SchedulableDestination | undefined;
  let leastOverhead = 0;
  for (const candidate of candidates) {
    if (!isUsable(candidate)) continue;
    if (present !== candidates && !present.includes(candidate)) continue;
    const overhead = overheadOf(candidate);
    if (least === undefined || isMoreLoaded(leastOverhead, least.weight, overhead, candidate.weight)) {
      least = candidate;
      leastOverhead = overhead;
    }
  }
  return least;
}
