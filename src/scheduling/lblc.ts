import type { SchedulableDestination, Scheduler } from '../ipvs/scheduler.js';
import { AddressCache, renewed } from './address-cache.js';
import type { SchedulerEnvironment } from './environment.js';
import { leastLoaded } from './least-loaded.js';
import { isOverfull, overheadOf } from './overhead.js';

/**
 * Locality-based least connection: an address that clients call keeps the destination that it once got, by the rule of
 * wlc, until that one is deleted, quiesced or overfull. Of use for firewall marks and caching proxies.
 *
 * That it is overloaded (over its upper threshold) is no reason to leave it, in the kernel neither.
 *
 * Source: net/netfilter/ipvs/ip_vs_lblc.c, ip_vs_lblc_schedule.
 */
export function makeLblc(environment: SchedulerEnvironment): Scheduler<AddressCache<SchedulableDestination>> {
  return {
    name: 'lblc',
    mayChooseOverloaded: true,

    init: () => new AddressCache(environment, 'lblc'),
    destinationAdded: ({ state }, added) => state.change((kept) => renewed(kept, added)),

    schedule({ destinations, state }, { destinationWords }) {
      const kept = state.use(destinationWords);
      if (kept !== undefined && isToBeKept(kept, destinations)) return kept;
      const least = leastLoaded(destinations, overheadOf);
      if (least !== undefined) state.put(destinationWords, least);
      return least;
    },
  };
}

function isToBeKept(
  destination: SchedulableDestination,
  destinations: readonly SchedulableDestination[],
): boolean {
  return (
    destination.weight > 0 && destinations.includes(destination) && !isOverfull(destination, destinations)
  );
}
