import type { SchedulableDestination } from '../ipvs/scheduler.js';

/** How many inactive connections weigh as much as an active one. Source: net/ip_vs.h, ip_vs_dest_conn_overhead. */
const ACTIVE_TO_INACTIVE = 256;

/**
 * The load of a destination as lc, wlc, twos, lblc and lblcr see it: active connections times 256, plus inactive ones.
 *
 * Source: include/net/ip_vs.h, ip_vs_dest_conn_overhead. Differs from the kernel: does not wrap at 2^31.
 */
export function overheadOf(destination: SchedulableDestination): number {
  return destination.activeConnections * ACTIVE_TO_INACTIVE + destination.inactiveConnections;
}

/**
 * The load of a destination as sed and nq see it: its active connections and the one to come.
 *
 * Source: net/netfilter/ipvs/ip_vs_sed.c and ip_vs_nq.c, ip_vs_sed_dest_overhead.
 */
export function expectedOverheadOf(destination: SchedulableDestination): number {
  return destination.activeConnections + 1;
}

/**
 * Whether `destination` has more active connections than its weight says while another one of `destinations` has
 * fewer than half of what its own says: then lblc and lblcr no longer keep to it.
 *
 * Source: net/netfilter/ipvs/ip_vs_lblc.c, is_overloaded.
 */
export function isOverfull(
  destination: SchedulableDestination,
  destinations: readonly SchedulableDestination[],
): boolean {
  if (destination.activeConnections <= destination.weight) return false;
  for (const other of destinations) if (other.activeConnections * 2 < other.weight) return true;
  return false;
}

/**
 * Whether `overhead` on `weight` is strictly more load per weight than `otherOverhead` on `otherWeight`, exact for all
 * weights up to 2147483647 and all overheads up to 2^53.
 *
 * Rounding of the products keeps their order, so only products that round to the same large number need BigInt.
 */
export function isMoreLoaded(
  overhead: number,
  weight: number,
  otherOverhead: number,
  otherWeight: number,
): boolean {
  const left = overhead * otherWeight;
  const right = otherOverhead * weight;
  if (left !== right || left <= Number.MAX_SAFE_INTEGER) return left > right;
  return BigInt(overhead) * BigInt(otherWeight) > BigInt(otherOverhead) * BigInt(weight);
}
