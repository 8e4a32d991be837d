import type { SchedulableDestination, Scheduler } from '../ipvs/scheduler.js';
import { isUsable } from '../ipvs/usable.js';
import { isMoreLoaded, overheadOf } from './overhead.js';

/**
 * Weighted least connection: the usable destination with the least overhead per weight, the first in the list among
 * equals.
 *
 * Source: net/netfilter/ipvs/ip_vs_wlc.c, ip_vs_wlc_schedule.
 */
export const wlc: Scheduler = {
  name: 'wlc',

  schedule({ destinations }) {
    let least: SchedulableDestination | undefined;
    let leastOverhead = 0;
    for (const destination of destinations) {
      if (!isUsable(destination)) continue;
      const overhead = overheadOf(destination);
      if (least === undefined || isMoreLoaded(leastOverhead, least.weight, overhead, destination.weight)) {
        least = destination;
        leastOverhead = overhead;
      }
    }
    return least;
  },
};
