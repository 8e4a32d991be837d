import type { SchedulableDestination, Scheduler } from '../ipvs/scheduler.js';
import { isUsable } from '../ipvs/usable.js';
import { overheadOf } from './overhead.js';

/**
 * Least connection: the usable destination with the least overhead, the first in the list among equals. A weight
 * matters only by being 0.
 *
 * Source: net/netfilter/ipvs/ip_vs_lc.c, ip_vs_lc_schedule.
 */
export const lc: Scheduler = {
  name: 'lc',

  schedule({ destinations }) {
    let least: SchedulableDestination | undefined;
    let leastOverhead = Number.POSITIVE_INFINITY;
    for (const destination of destinations) {
      if (!isUsable(destination)) continue;
      const overhead = overheadOf(destination);
      if (overhead < leastOverhead) {
        least = destination;
        leastOverhead = overhead;
      }
    }
    return least;
  },
};
