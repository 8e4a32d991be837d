import type { Peer } from './peer.js';
import type { Summary } from './summary.js';
import type { Trial } from './trial.js';

const COLUMNS = ['', 'median', 'min-max', '/haproxy', '/nft', 'CPU', 'director', 'peak MB', ''];

/** The results as text, one block a trial, one line a peer. */
export function table(
  trials: readonly Trial[],
  peers: readonly Peer[],
  summaries: readonly Summary[],
): string {
  return trials.map((trial) => block(trial, peers, summaries)).join('\n');
}

function block(trial: Trial, peers: readonly Peer[], summaries: readonly Summary[]): string {
  const rows = peers.map((peer) => {
    const summary = summaries.find((item) => item.trial === trial.name && item.peer === peer.name);
    return summary === undefined ? [peer.name, 'n/a'] : row(summary, trial);
  });
  const widths = COLUMNS.map((_, column) =>
    Math.max(...[COLUMNS, ...rows].map((cells) => (cells[column] ?? '').length)),
  );
  const lines = [COLUMNS, ...rows].map((cells) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || column === COLUMNS.length - 1 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
  const title = `${trial.title}, ${trial.unit} (${trial.better} is better); CPU in us/${trial.operation}`;
  return [title, ...lines.map((line) => `  ${line}`), ''].join('\n');
}

function row(summary: Summary, trial: Trial): string[] {
  const figure = (value: number): string => formatFigure(value, trial.unit);
  const ratio = (value: number | null): string => value?.toFixed(2) ?? '-';
  const notes = Object.entries(summary.details).map(([name, value]) => formatDetail(name, value));
  if (summary.disturbed > 0) notes.push(`${summary.disturbed} of ${summary.used} disturbed`);
  return [
    summary.peer,
    figure(summary.median),
    `${figure(summary.min)}-${figure(summary.max)}`,
    ratio(summary.ratioToHaproxy),
    ratio(summary.ratioToNft),
    summary.machineMicrosecondsPerOperation.toFixed(1),
    summary.directorPeakKilobytes === null ? '-' : summary.directorMicrosecondsPerOperation.toFixed(1),
    summary.directorPeakKilobytes === null ? '-' : (summary.directorPeakKilobytes / 1024).toFixed(0),
    notes.join(', '),
  ];
}

/** A figure with the digits its unit deserves: whole numbers a second, tenths of microseconds, else hundredths. */
export function formatFigure(value: number, unit: string): string {
  if (unit === '1/s') return Math.round(value).toLocaleString('en-US');
  return value.toFixed(unit === 'us' ? 1 : 2);
}

/** How the last word of a detail's name is shown. */
const DETAIL_UNITS: Readonly<Record<string, string>> = { Microseconds: ' us', Percent: '%', PerSecond: '/s' };

/** `p99Microseconds`, 120.4 as `p99 120 us`. */
function formatDetail(name: string, value: number): string {
  const [, subject = name, word = ''] = /^(.*?)(Microseconds|Percent|PerSecond)$/.exec(name) ?? [];
  const words = subject.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const digits = word === 'Percent' ? value.toFixed(1) : Math.round(value).toLocaleString('en-US');
  return `${words} ${digits}${DETAIL_UNITS[word] ?? ''}`;
}
