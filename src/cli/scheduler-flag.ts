/** Names of scheduler flags. Source: ipvsadm(8), --sched-flags. */
import { SCHEDULER_FLAG_1, SCHEDULER_FLAG_2, SCHEDULER_FLAG_3 } from '../ipvs/specification.js';
import { usageError } from './command-line-error.js';

interface NamedFlag {
  readonly name: string;
  readonly bit: number;
  /** The only scheduler that has the name; undefined where every one has it. */
  readonly scheduler?: string;
}

const FLAGS: readonly NamedFlag[] = [
  { name: 'flag-1', bit: SCHEDULER_FLAG_1 },
  { name: 'flag-2', bit: SCHEDULER_FLAG_2 },
  { name: 'flag-3', bit: SCHEDULER_FLAG_3 },
  { name: 'sh-fallback', bit: SCHEDULER_FLAG_1, scheduler: 'sh' },
  { name: 'sh-port', bit: SCHEDULER_FLAG_2, scheduler: 'sh' },
  { name: 'mh-fallback', bit: SCHEDULER_FLAG_1, scheduler: 'mh' },
  { name: 'mh-port', bit: SCHEDULER_FLAG_2, scheduler: 'mh' },
];

/** The bit set of a comma-separated list. Throws a usage error where a name is unknown or another scheduler's. */
export function parseSchedulerFlags(scheduler: string, text: string): number {
  let bits = 0;
  for (const name of text.split(',')) {
    if (name === '') continue;
    const flag = FLAGS.find((each) => each.name === name);
    if (flag === undefined) throw usageError(`invalid scheduler flag \`${name}'`);
    if (flag.scheduler !== undefined && flag.scheduler !== scheduler) {
      throw usageError(`incompatible scheduler flag \`${name}'`);
    }
    bits |= flag.bit;
  }
  return bits;
}

/**
 * The names of the flags that are set, comma-separated, in the scheduler's own words where it has any. As in
 * ipvsadm the third flag of sh and mh has no name and is left out.
 */
export function formatSchedulerFlags(scheduler: string, bits: number): string {
  const own = FLAGS.filter((flag) => flag.scheduler === scheduler);
  const known = own.length > 0 ? own : FLAGS.filter((flag) => flag.scheduler === undefined);
  return known
    .filter((flag) => (bits & flag.bit) !== 0)
    .map((flag) => flag.name)
    .join(',');
}
