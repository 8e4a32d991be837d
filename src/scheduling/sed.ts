import type { Scheduler } from '../ipvs/scheduler.js';
import { leastLoaded } from './least-loaded.js';
import { expectedOverheadOf } from './overhead.js';

/**
 * Shortest expected delay: the usable destination that would have the fewest active connections per weight with one
 * more, the first in the list among equals. Inactive connections do not matter.
 *
 * Source: net/netfilter/ipvs/ip_vs_sed.c, ip_vs_sed_schedule.
 */
export const sed: Scheduler = {
  name: 'sed',
  schedule: ({ destinations }) => leastLoaded(destinations, expectedOverheadOf),
};
