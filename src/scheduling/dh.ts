import type { Scheduler } from '../ipvs/scheduler.js';
import { isUsable } from '../ipvs/usable.js';
import { foldAddress, hash32 } from './hash.js';

/** Specification. Source: ip_vs_dh.c, IP_VS_DH_TAB_BITS, as kernels are configured by default. */
const TABLE_BITS = 8;

/**
 * Destination hashing: the address that the client called gives the destination, as long as the list stays the same;
 * weights do not matter. Where that one is quiesced or overloaded the connection is refused. Of use for firewall
 * marks, whose services have many addresses.
 *
 * Source: net/netfilter/ipvs/ip_vs_dh.c, ip_vs_dh_schedule and ip_vs_dh_reassign. Differs from the kernel in form
 * only: its table of 256 slots, filled from the head of the list over and over, need not be kept to be known.
 */
export const dh: Scheduler = {
  name: 'dh',

  schedule({ destinations }, flow) {
    const slot = hash32(foldAddress(flow.destinationWords), TABLE_BITS);
    const destination = destinations[slot % destinations.length];
    return destination !== undefined && isUsable(destination) ? destination : undefined;
  },
};
