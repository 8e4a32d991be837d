/**
 * Theory of operation: the built-in schedulers.
 *
 * A scheduler answers one question, asked for the first packet of a connection: which destination of this service?
 * There is one file a scheduler, and each exports one object of the shape in ipvs/scheduler.ts, or a function that
 * makes it: a name and `schedule`, and only where it keeps a memory between two choices also `init` and the hooks that
 * keep that memory true while destinations come and go. The object itself has no memory: what it remembers is
 * `service.state`, one a service, so that one object serves every service.
 *
 *     by turns        rr wrr          a cursor in the list
 *     by load         lc wlc sed nq   nothing; the counts of connections say it all (overhead.ts, least-loaded.ts)
 *     by load, twice  twos            nothing; draws from the environment
 *     by weight       fo ovf          nothing
 *     by address      sh mh           a table from hash to destination, rebuilt in the hooks (flow-table.ts, hash.ts)
 *                     dh              nothing; the table is a remainder
 *     by locality     lblc lblcr      a cache from called address to destination or set of them (address-cache.ts)
 *
 * What all of them keep, and test/scheduling/contract-suite.ts holds every one of them to:
 *
 * - Destinations are walked newest first, so "the first one wins" means the last one added.
 * - A quiesced (weight 0) or overloaded destination is never chosen, but that lblc keeps to an overloaded one. With no
 *   other left the answer is undefined. rr, wrr, lc, wlc, sed, nq, fo, twos, lblc and lblcr find a usable destination
 *   wherever there is one; sh, dh and mh refuse a client whose own one is not usable, ovf one that comes when all are
 *   full.
 * - `schedule` runs on the packet path: it throws nothing, allocates nothing (but where a cache gets a new entry) and
 *   takes time proportional to the number of destinations whatever their weights are. A fallback of sh or mh may
 *   search a whole table.
 * - The same calls on an equal service give the same choices, given the same clock and random numbers. These come from
 *   outside, environment.ts.
 *
 * Flags are read live: an edit that keeps the scheduler keeps its memory, and the next choice sees the new flags.
 *
 * The order of choices follows the kernel (net/netfilter/ipvs/ip_vs_<name>.c), exact to the restart of wrr after an
 * edit; the expected tables in the tests were observed on a running kernel, except for twos, which that kernel lacks.
 * Departures: sums are exact where the kernel's 32-bit integers wrap (more than 2^23 active connections on one
 * destination), wrr skips weight levels that nobody can take instead of stepping through them, and the caches of lblc
 * and lblcr need no timer and have a hard bound.
 */
import type { Scheduler } from '../ipvs/scheduler.js';
import { dh } from './dh.js';
import type { SchedulerEnvironment } from './environment.js';
import { fo } from './fo.js';
import { makeLblc } from './lblc.js';
import { makeLblcr } from './lblcr.js';
import { lc } from './lc.js';
import { mh } from './mh.js';
import { nq } from './nq.js';
import { ovf } from './ovf.js';
import { rr } from './rr.js';
import { sed } from './sed.js';
import { sh } from './sh.js';
import { makeTwos } from './twos.js';
import { wlc } from './wlc.js';
import { wrr } from './wrr.js';

const MAKERS = {
  rr: () => rr,
  wrr: () => wrr,
  lc: () => lc,
  wlc: () => wlc,
  lblc: makeLblc,
  lblcr: makeLblcr,
  dh: () => dh,
  sh: () => sh,
  mh: () => mh,
  sed: () => sed,
  nq: () => nq,
  fo: () => fo,
  ovf: () => ovf,
  twos: makeTwos,
} as const satisfies Readonly<Record<string, (environment: SchedulerEnvironment) => unknown>>;

/** The names of the schedulers that uipvs brings along, as on the ipvsadm command line. */
export const BUILTIN_NAMES: ReadonlySet<string> = new Set(Object.keys(MAKERS));

/** Every scheduler that uipvs brings along, by its name. */
export function makeBuiltinSchedulers(environment: SchedulerEnvironment): ReadonlyMap<string, Scheduler> {
  const schedulers: readonly Scheduler[] = Object.values(MAKERS).map((make) => make(environment));
  return new Map(schedulers.map((scheduler) => [scheduler.name, scheduler]));
}
