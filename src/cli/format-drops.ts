/** What `--drops` prints, which is ours: packets by verdict, and by reason below those that were refused or dropped. */
import { formatLargeNumber } from './large-number.js';

const DROP_PREFIX = 'drop_';
const REFUSAL_PREFIX = 'refused_';
const VERDICT_WIDTH = 33;
const REASON_WIDTH = 28;

/** No packets: how often a scheduler failed, and wlc chose in its place. */
const SCHEDULER_ERRORS = 'scheduler_errors';

/** The counters of the verdicts but for the dropped ones, which are the sum of their reasons. */
const VERDICTS = [
  ['received', 'received_packets'],
  ['translated', 'translated_packets'],
  ['passed', 'passed_packets'],
  ['answered', 'answered_packets'],
] as const;

/**
 * In the columns of `--stats`, the reasons in the order of the counters. Those that had no packet are left out, but
 * not where `isExact` is set, which also prints large numbers in full. Below the answered packets is why the first of a
 * connection was refused where there was a destination for it; below all, where there are any, the errors of schedulers.
 * Counters that are none of these are not shown.
 */
export function formatDrops(counters: Readonly<Record<string, number>>, isExact: boolean): string {
  const large = (packets: number) => formatLargeNumber(packets, isExact);
  const verdict = (name: string, packets: number) => `${name.padEnd(VERDICT_WIDTH)}${large(packets)}`;
  const counted = (prefix: string) => Object.entries(counters).filter(([name]) => name.startsWith(prefix));
  const reasons = (prefix: string, isShownWith: string) =>
    counted(prefix)
      .filter(([, packets]) => packets > 0 || isExact)
      .map(
        ([name, packets]) =>
          `  -> ${(isShownWith + name.slice(prefix.length)).padEnd(REASON_WIDTH)}${large(packets)}`,
      );
  const dropped = counted(DROP_PREFIX).reduce((sum, [, packets]) => sum + packets, 0);
  const errors = counters[SCHEDULER_ERRORS] ?? 0;
  const lines = [
    `${'Verdict'.padEnd(VERDICT_WIDTH)} ${'Packets'.padStart(8)}`,
    '  -> Reason',
    ...VERDICTS.map(([name, counter]) => verdict(name, counters[counter] ?? 0)),
    ...reasons(REFUSAL_PREFIX, REFUSAL_PREFIX),
    verdict('dropped', dropped),
    ...reasons(DROP_PREFIX, ''),
    ...(errors > 0 ? [verdict('scheduler errors', errors)] : []),
  ];
  return lines.map((line) => `${line}\n`).join('');
}
