import type { SchedulableDestination, Scheduler } from '../ipvs/scheduler.js';
import { isUsable } from '../ipvs/usable.js';

/**
 * Weighted overflow: the usable destination of greatest weight that has no more active connections than its weight
 * says, the first in the list among equals. So each takes one connection more than its weight before the next one has
 * its turn; where all are full the connection is refused.
 *
 * Source: net/netfilter/ipvs/ip_vs_ovf.c, ip_vs_ovf_schedule.
 */
export const ovf: Scheduler = {
  name: 'ovf',

  schedule({ destinations }) {
    let heaviest: SchedulableDestination | undefined;
    for (const destination of destinations) {
      if (!isUsable(destination) || destination.activeConnections > destination.weight) continue;
      if (heaviest === undefined || destination.weight > heaviest.weight) heaviest = destination;
    }
    return heaviest;
  },
};
