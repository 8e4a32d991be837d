import type { Scheduler } from '../ipvs/scheduler.js';
import { leastLoaded } from './least-loaded.js';
import { overheadOf } from './overhead.js';

/**
 * Weighted least connection: the usable destination with the least overhead per weight, the first in the list among
 * equals.
 *
 * Source: net/netfilter/ipvs/ip_vs_wlc.c, ip_vs_wlc_schedule.
 */
export const wlc: Scheduler = {
  name: 'wlc',
  schedule: ({ destinations }) => leastLoaded(destinations, overheadOf),
};
