/**
 * Theory of operation: the built-in schedulers.
 *
 * A scheduler answers one question, asked for the first packet of a connection: which destination of this service?
 * There is one file a scheduler, and each exports one object of the shape in ipvs/scheduler.ts: a name and
 * `schedule`, and only where it keeps a memory between two choices also `init` and the hooks that keep that memory
 * true while destinations come and go. The object itself has no memory: what it remembers is `service.state`, one a
 * service, so that one object serves every service.
 *
 * What all of them keep, and test/scheduling/contract-suite.ts holds every one of them to:
 *
 * - Destinations are walked newest first, so "the first one wins" means the last one added.
 * - A quiesced (weight 0) or overloaded destination is never chosen; with no other left the answer is undefined.
 * - `schedule` runs on the packet path: it allocates nothing, throws nothing and takes time proportional to the
 *   number of destinations whatever their weights are.
 * - The same calls on an equal service give the same choices.
 *
 * The order of choices follows the kernel (net/netfilter/ipvs/ip_vs_<name>.c), exact to the restart of wrr after an
 * edit; the expected tables in the tests were observed on a running kernel. Departures: sums are exact where the
 * kernel's 32-bit integers wrap (more than 2^23 active connections on one destination), and wrr skips weight levels
 * that nobody can take instead of stepping through them.
 */
import type { Scheduler } from '../ipvs/scheduler.js';
import { lc } from './lc.js';
import { rr } from './rr.js';
import { wlc } from './wlc.js';
import { wrr } from './wrr.js';

/** Every scheduler that uipvs brings along, by its name on the ipvsadm command line. */
export const builtinSchedulers: ReadonlyMap<string, Scheduler> = new Map<string, Scheduler>(
  [rr, wrr, lc, wlc].map((scheduler) => [scheduler.name, scheduler]),
);
