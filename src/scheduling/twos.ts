import type { SchedulableDestination, Scheduler } from '../ipvs/scheduler.js';
import { isUsable } from '../ipvs/usable.js';
import type { SchedulerEnvironment } from './environment.js';
import { isMoreLoaded, overheadOf } from './overhead.js';

/**
 * Power of two choices: two destinations are drawn, each at random by weight, and the second is taken only if it has
 * strictly less overhead per weight. Both draws may hit the same one.
 *
 * Source: net/netfilter/ipvs/ip_vs_twos.c, ip_vs_twos_schedule. Differs from the kernel: the sum of the weights is
 * exact where the kernel's wraps at 2^31.
 */
export function makeTwos(environment: SchedulerEnvironment): Scheduler {
  return {
    name: 'twos',

    schedule({ destinations }) {
      const total = totalWeight(destinations);
      if (total === 0) return undefined;
      const first = drawn(destinations, drawLot(environment, total));
      const second = drawn(destinations, drawLot(environment, total));
      if (first === undefined || second === undefined) return undefined;
      const isSecondLighter = isMoreLoaded(
        overheadOf(first),
        first.weight,
        overheadOf(second),
        second.weight,
      );
      return isSecondLighter ? second : first;
    },
  };
}

function totalWeight(destinations: readonly SchedulableDestination[]): number {
  let total = 0;
  for (const destination of destinations) if (isUsable(destination)) total += destination.weight;
  return total;
}

/** One of 0..total, both included: so the first destination of the list has one lot more than its weight. */
function drawLot(environment: SchedulerEnvironment, total: number): number {
  return Math.floor(environment.random() * (total + 1));
}

/** The usable destination at which `lot` is used up. */
function drawn(
  destinations: readonly SchedulableDestination[],
  lot: number,
): SchedulableDestination | undefined {
  let left = lot;
  for (const destination of destinations) {
    if (!isUsable(destination)) continue;
    left -= destination.weight;
    if (left <= 0) return destination;
  }
  return undefined;
}
