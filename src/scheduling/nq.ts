import type { Scheduler } from '../ipvs/scheduler.js';
import { isUsable } from '../ipvs/usable.js';
import { leastLoaded } from './least-loaded.js';
import { expectedOverheadOf } from './overhead.js';

/**
 * Never queue: the first usable destination without an active connection, whatever its weight; where every one has
 * some, the choice of sed.
 *
 * Source: net/netfilter/ipvs/ip_vs_nq.c, ip_vs_nq_schedule.
 */
export const nq: Scheduler = {
  name: 'nq',

  schedule({ destinations }) {
    for (const destination of destinations) {
      if (destination.activeConnections === 0 && isUsable(destination)) return destination;
    }
    return leastLoaded(destinations, expectedOverheadOf);
  },
};
