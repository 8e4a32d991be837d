import type { Scheduler } from '../ipvs/scheduler.js';
import { isUsable } from '../ipvs/usable.js';

/** The cursor before the first choice: the head of the list, ahead of every destination. */
const HEAD = -1;

interface RrState {
  /** Index of the last choice, or HEAD. */
  cursor: number;
}

/**
 * Round robin: the next usable destination after the last choice, weights ignored.
 *
 * A destination added (at the head of the list) has its turn after the list was walked to its end. When the last
 * choice is deleted its predecessor takes its place, so that its successor is next.
 *
 * Source: net/netfilter/ipvs/ip_vs_rr.c, ip_vs_rr_schedule and ip_vs_rr_del_dest.
 */
export const rr: Scheduler<RrState> = {
  name: 'rr',

  init: () => ({ cursor: HEAD }),

  destinationAdded({ state }, _destination, index) {
    if (index <= state.cursor) state.cursor += 1;
  },

  destinationRemoved({ state }, _destination, index) {
    if (index <= state.cursor) state.cursor -= 1;
  },

  schedule({ destinations, state }) {
    const count = destinations.length;
    for (let step = 1; step <= count; step += 1) {
      const index = (state.cursor + step) % count;
      const destination = destinations[index];
      if (destination !== undefined && isUsable(destination)) {
        state.cursor = index;
        return destination;
      }
    }
    return undefined;
  },
};
