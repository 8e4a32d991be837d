import type { FiveTuple, SchedulableDestination, SchedulableService } from '../ipvs/scheduler.js';
import { SCHEDULER_FLAG_1, SCHEDULER_FLAG_2 } from '../ipvs/specification.js';
import { isUsable } from '../ipvs/usable.js';
import { foldAddress } from './hash.js';

/** sh-fallback and mh-fallback: a client whose destination is not usable looks further. Source: net/ip_vs.h. */
const FALLBACK = SCHEDULER_FLAG_1;
/** sh-port and mh-port: the source port counts too. Source: net/ip_vs.h. */
const PORT = SCHEDULER_FLAG_2;

/** IP protocols whose ports count. Source: ip_vs_sh.c, ip_vs_sh_get_port. */
const TCP = 6;
const UDP = 17;
const SCTP = 132;

/** The destination of every hash value; undefined where there is none. */
export type FlowTable = (SchedulableDestination | undefined)[];

/**
 * The choice of sh and mh: the destination that the client's address (and port, by flag) falls on. It is undefined
 * where that one is not usable, unless the fallback flag is set: then the client is hashed again with every offset of
 * a table's length, beginning at its own hash value, until a usable one is found.
 *
 * Source: net/netfilter/ipvs/ip_vs_sh.c, ip_vs_sh_get_fallback; ip_vs_mh.c, ip_vs_mh_get_fallback. Differs from the
 * kernel in form only: where no destination is usable nothing is searched.
 *
 * @param hash index into `table` for the client's key (32 bits, signed) and an offset
 */
export function lookUp(
  { destinations, schedulerFlags }: SchedulableService<unknown>,
  flow: FiveTuple,
  table: FlowTable,
  hash: (key: number, offset: number) => number,
): SchedulableDestination | undefined {
  const port = (schedulerFlags & PORT) === 0 ? 0 : portOf(flow);
  const key = (foldAddress(flow.sourceWords) + port) | 0;
  const home = hash(key, 0);
  const first = table[home];
  if (first === undefined || isUsable(first)) return first;
  if ((schedulerFlags & FALLBACK) === 0 || !destinations.some(isUsable)) return undefined;
  for (let step = 0; step < table.length; step += 1) {
    const next = table[hash(key, (home + step) % table.length)];
    if (next === undefined || isUsable(next)) return next;
  }
  return undefined;
}

function portOf({ protocol, sourcePort }: FiveTuple): number {
  return protocol === TCP || protocol === UDP || protocol === SCTP ? sourcePort : 0;
}
