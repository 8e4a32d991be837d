import type { SchedulableDestination, Scheduler } from '../ipvs/scheduler.js';
import { AddressCache, renewed } from './address-cache.js';
import type { SchedulerEnvironment } from './environment.js';
import { leastLoaded } from './least-loaded.js';
import { isMoreLoaded, isOverfull, overheadOf } from './overhead.js';

const MS_PER_SECOND = 1000;

/** The destinations that serve an address. */
interface Replicas {
  /** Newest first. Deleted ones stay, for they may come back. */
  readonly members: SchedulableDestination[];
  /** When a member last came or went. */
  changedMs: number;
}

/**
 * Locality-based least connection with replication: an address that clients call has a set of destinations, and the
 * least loaded of them by the rule of wlc gets the connection. Where none of them is usable, or the best one overfull,
 * the best one of the service joins them. A set that did not change during the expiration time loses its most loaded
 * member.
 *
 * Source: net/netfilter/ipvs/ip_vs_lblcr.c, ip_vs_lblcr_schedule. Differs from the kernel: a deleted member counts as
 * one without connections when the most loaded one is looked for.
 */
export function makeLblcr(environment: SchedulerEnvironment): Scheduler<AddressCache<Replicas>> {
  return {
    name: 'lblcr',

    init: () => new AddressCache(environment, 'lblcr'),

    destinationAdded({ state }, added) {
      state.change(({ members, changedMs }) => ({
        members: members.map((member) => renewed(member, added)),
        changedMs,
      }));
    },

    schedule({ destinations, state }, { destinationWords }) {
      const replicas = state.use(destinationWords);
      if (replicas !== undefined) {
        const best = leastLoaded(replicas.members, overheadOf, destinations);
        thinOut(replicas, destinations, environment);
        if (best !== undefined && !isOverfull(best, destinations)) return best;
      }
      const least = leastLoaded(destinations, overheadOf);
      if (least === undefined) return undefined;
      if (replicas === undefined) {
        state.put(destinationWords, { members: [least], changedMs: environment.nowMs() });
      } else if (!replicas.members.includes(least)) {
        replicas.members.unshift(least);
        replicas.changedMs = environment.nowMs();
      }
      return least;
    },
  };
}

/** Takes the most loaded member out of a set that has long been the same. */
function thinOut(
  replicas: Replicas,
  destinations: readonly SchedulableDestination[],
  environment: SchedulerEnvironment,
): void {
  if (replicas.members.length <= 1) return;
  const nowMs = environment.nowMs();
  if (nowMs <= replicas.changedMs + environment.expirationSeconds('lblcr') * MS_PER_SECOND) return;
  const most = mostLoaded(replicas.members, destinations);
  if (most === undefined) return;
  replicas.members.splice(replicas.members.indexOf(most), 1);
  replicas.changedMs = nowMs;
}

/** Source: ip_vs_lblcr.c, ip_vs_dest_set_max, which looks at overloaded and deleted members too. */
function mostLoaded(
  members: readonly SchedulableDestination[],
  destinations: readonly SchedulableDestination[],
): SchedulableDestination | undefined {
  let most: SchedulableDestination | undefined;
  let mostOverhead = 0;
  for (const member of members) {
    if (member.weight === 0) continue;
    const overhead = destinations.includes(member) ? overheadOf(member) : 0;
    if (most === undefined || isMoreLoaded(overhead, member.weight, mostOverhead, most.weight)) {
      most = member;
      mostOverhead = overhead;
    }
  }
  return most;
}
