import type { Peer } from './peer.js';
import type { Summary } from './summary.js';
import type { Judgement, Target } from './targets.js';
import type { Trial } from './trial.js';

const COLUMNS = ['', 'median', 'min-max', '/haproxy', '/nft', 'CPU', 'director', 'worker', 'peak MB', ''];
const TARGET_COLUMNS = ['', '', 'against', 'reached', 'required', ''];

/** The results as text, a block for every trial with samples, a line for every peer that has some, or cannot run. */
export function table(
  trials: readonly Trial[],
  peers: readonly Peer[],
  summaries: readonly Summary[],
  unavailable: ReadonlyMap<string, string>,
): string {
  const blocks = trials.map((trial) => block(trial, peers, summaries, unavailable));
  return blocks.filter((text) => text !== null).join('\n');
}

function block(
  trial: Trial,
  peers: readonly Peer[],
  summaries: readonly Summary[],
  unavailable: ReadonlyMap<string, string>,
): string | null {
  if (!summaries.some((summary) => summary.trial === trial.name)) return null;
  const rows = peers.flatMap((peer) => {
    const summary = summaries.find((item) => item.trial === trial.name && item.peer === peer.name);
    if (summary !== undefined) return [row(peer.title, summary, trial)];
    return unavailable.has(peer.name) ? [[peer.title, 'not available']] : [];
  });
  const title = `${trial.title}, ${trial.unit} (${trial.better} is better); CPU in us/${trial.operation}`;
  return [title, ...aligned([COLUMNS, ...rows]).map((line) => `  ${line}`), ''].join('\n');
}

/** The figures that must be reached, one line each. */
export function targetTable(judgements: readonly Judgement[], peers: readonly Peer[]): string {
  const rows = judgements.map(({ target, reached, verdict, isDisturbed }) => [
    target.figure,
    peers.find(({ name }) => name === target.quantity.peer)?.title ?? target.quantity.peer,
    target.against?.label ?? '-',
    Number.isNaN(reached) ? '-' : formatReached(reached, target),
    `${target.bound === 'at least' ? '>=' : '<='} ${formatRequired(target)}`,
    isDisturbed ? `${verdict} (disturbed)` : verdict,
  ]);
  const lines = aligned([TARGET_COLUMNS, ...rows], 2);
  return ['Must reach', ...lines.map((line) => `  ${line}`), ''].join('\n');
}

/** A ratio with one digit more than what is required of it; what is counted in bytes, microseconds or one by one, whole. */
export function formatReached(value: number, { unit, against }: Target): string {
  if (unit !== undefined) return `${value.toFixed(unit === 's' ? 2 : 0)} ${unit}`;
  return value.toFixed(against === undefined ? 0 : 3);
}

export function formatRequired({ required, unit, against }: Target): string {
  if (unit !== undefined) return `${required} ${unit}`;
  return required.toFixed(against === undefined ? 0 : 2);
}

/** Cells side by side: the first `left` columns and the last one flush left, the others flush right. */
function aligned(rows: readonly (readonly string[])[], left = 1): string[] {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...rows.map((cells) => (cells[column] ?? '').length)),
  );
  return rows.map((cells) =>
    cells
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column < left || column === columns - 1 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join('  ')
      .trimEnd(),
  );
}

function row(title: string, summary: Summary, trial: Trial): string[] {
  const figure = (value: number): string => formatFigure(value, trial.unit);
  const ratio = (value: number | null): string => value?.toFixed(2) ?? '-';
  const cost = (value: number | null): string =>
    summary.directorPeakKilobytes === null || value === null ? '-' : value.toFixed(1);
  const notes = Object.entries(summary.details).map(([name, value]) => formatDetail(name, value));
  if (summary.disturbed > 0) notes.push(`${summary.disturbed} of ${summary.used} disturbed`);
  return [
    title,
    figure(summary.median),
    `${figure(summary.min)}-${figure(summary.max)}`,
    ratio(summary.ratioToHaproxy),
    ratio(summary.ratioToNft),
    summary.machineMicrosecondsPerOperation.toFixed(1),
    cost(summary.directorMicrosecondsPerOperation),
    cost(summary.workerMicrosecondsPerOperation),
    summary.directorPeakKilobytes === null ? '-' : (summary.directorPeakKilobytes / 1024).toFixed(0),
    notes.join(', '),
  ];
}

/** A figure with the digits its unit deserves: whole numbers a second, tenths of microseconds, else hundredths. */
export function formatFigure(value: number, unit: string): string {
  if (unit === '1/s') return Math.round(value).toLocaleString('en-US');
  return value.toFixed(unit === 'us' ? 1 : 2);
}

/** How the last word of a detail's name is shown, and with how many digits. */
const DETAIL_UNITS: Readonly<Record<string, { readonly text: string; readonly digits: number }>> = {
  Bytes: { text: ' B', digits: 0 },
  Microseconds: { text: ' us', digits: 0 },
  Percent: { text: '%', digits: 1 },
  PerSecond: { text: '/s', digits: 0 },
  Seconds: { text: ' s', digits: 2 },
};

/** `p99Microseconds`, 120.4 as `p99 120 us`. */
function formatDetail(name: string, value: number): string {
  const ending = Object.keys(DETAIL_UNITS).find((word) => name.endsWith(word)) ?? '';
  const { text, digits } = DETAIL_UNITS[ending] ?? { text: '', digits: 0 };
  const subject = name.slice(0, name.length - ending.length);
  const words = subject.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const number = value.toLocaleString('en-US', {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return `${words} ${number}${text}`;
}
