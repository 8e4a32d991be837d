import type { SchedulableDestination, Scheduler } from '../ipvs/scheduler.js';
import { type FlowTable, lookUp } from './flow-table.js';
import { hash32 } from './hash.js';

/** Specification. Source: ip_vs_sh.c, IP_VS_SH_TAB_BITS, as kernels are configured by default. */
const TABLE_BITS = 8;
const TABLE_SIZE = 2 ** TABLE_BITS;

/**
 * Source hashing: a client's address (with sh-port: and port) always gives the same destination, as long as neither
 * destinations nor weights change. The table is filled from the head of the list, over and over, each destination
 * taking as many slots in a row as its weight says. A quiesced one keeps one slot: its clients are refused, or with
 * sh-fallback go to others.
 *
 * Source: net/netfilter/ipvs/ip_vs_sh.c, ip_vs_sh_schedule and ip_vs_sh_reassign.
 */
export const sh: Scheduler<FlowTable> = {
  name: 'sh',

  init({ destinations }) {
    const table: FlowTable = new Array(TABLE_SIZE).fill(undefined);
    fill(table, destinations);
    return table;
  },

  destinationAdded: ({ state, destinations }) => fill(state, destinations),
  destinationRemoved: ({ state, destinations }) => fill(state, destinations),
  destinationEdited: ({ state, destinations }) => fill(state, destinations),

  schedule: (service, flow) => lookUp(service, flow, service.state, slotOf),
};

function slotOf(key: number, offset: number): number {
  return (offset + hash32(key, TABLE_BITS)) % TABLE_SIZE;
}

function fill(table: FlowTable, destinations: readonly SchedulableDestination[]): void {
  let next = 0;
  let taken = 0;
  for (let slot = 0; slot < TABLE_SIZE; slot += 1) {
    const destination = destinations[next];
    table[slot] = destination;
    if (destination === undefined) continue;
    taken += 1;
    if (taken < destination.weight) continue;
    taken = 0;
    next = (next + 1) % destinations.length;
  }
}
