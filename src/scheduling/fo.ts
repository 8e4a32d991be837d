import type { SchedulableDestination, Scheduler } from '../ipvs/scheduler.js';
import { isUsable } from '../ipvs/usable.js';

/**
 * Weighted failover: the usable destination of greatest weight, the first in the list among equals. Another one has
 * its turn only while that one is quiesced or overloaded.
 *
 * Source: net/netfilter/ipvs/ip_vs_fo.c, ip_vs_fo_schedule.
 */
export const fo: Scheduler = {
  name: 'fo',

  schedule({ destinations }) {
    let heaviest: SchedulableDestination | undefined;
    for (const destination of destinations) {
      if (!isUsable(destination)) continue;
      if (heaviest === undefined || destination.weight > heaviest.weight) heaviest = destination;
    }
    return heaviest;
  },
};
