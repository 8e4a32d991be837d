/** What `--drops` prints, which is ours: packets by verdict and, below the dropped ones, by reason. */
import { formatLargeNumber } from './large-number.js';

const DROP_PREFIX = 'drop_';
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
 * not where `isExact` is set, which also prints large numbers in full. Below them, where there are any, the errors of
 * schedulers. Counters that are none of these are not shown.
 */
export function formatDrops(counters: Readonly<Record<string, number>>, isExact: boolean): string {
  const reasons = Object.entries(counters).filter(([name]) => name.startsWith(DROP_PREFIX));
  const dropped = reasons.reduce((sum, [, packets]) => sum + packets, 0);
  const large = (packets: number) => formatLargeNumber(packets, isExact);
  const lines = [`${'Verdict'.padEnd(VERDICT_WIDTH)} ${'Packets'.padStart(8)}`, '  -> Reason'];
  for (const [verdict, name] of VERDICTS) {
    lines.push(`${verdict.padEnd(VERDICT_WIDTH)}${large(counters[name] ?? 0)}`);
  }
  lines.push(`${'dropped'.padEnd(VERDICT_WIDTH)}${large(dropped)}`);
  for (const [name, packets] of reasons) {
    if (packets === 0 && !isExact) continue;
    lines.push(`  -> ${name.slice(DROP_PREFIX.length).padEnd(REASON_WIDTH)}${large(packets)}`);
  }
  const errors = counters[SCHEDULER_ERRORS] ?? 0;
  if (errors > 0) lines.push(`${'scheduler errors'.padEnd(VERDICT_WIDTH)}${large(errors)}`);
  return lines.map((line) => `${line}\n`).join('');
}
