import type { Summary } from '../summary.js';
import { formatFigure } from '../table.js';
import { barColor, escapeXml, INK, MUTED } from './svg.js';

/** One bar with its name; without a summary the words instead of one. */
export interface Row {
  readonly name: string;
  readonly summary: Summary | null;
  readonly words: string;
}

export interface BarPanel {
  readonly title: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  readonly rows: readonly Row[];
}

export const PANEL_WIDTH = 480;
const TITLE_HEIGHT = 26;
const ROW_HEIGHT = 22;
const BAR_HEIGHT = 14;
const LABEL_WIDTH = 184;
/** To the right of the longest bar, for its figure. */
const FIGURE_WIDTH = 78;

export function panelHeight(rows: number): number {
  return TITLE_HEIGHT + rows * ROW_HEIGHT;
}

/** A bar for every row, and a thin line from the least to the greatest sample. */
export function barPanel({ title, unit, better, rows }: BarPanel): string {
  const greatest = Math.max(...rows.map(({ summary }) => summary?.max ?? 0), 1e-9);
  const scale = (PANEL_WIDTH - LABEL_WIDTH - FIGURE_WIDTH) / greatest;
  const head = [
    `<text y="12" font-weight="600">${escapeXml(title)}</text>`,
    `<text x="${PANEL_WIDTH}" y="12" text-anchor="end" font-size="11" fill="${MUTED}">${unit}, ${better} is better</text>`,
  ];
  const bars = rows.map(({ name, summary, words }, index) => {
    const label = `<text x="${LABEL_WIDTH - 8}" y="12" text-anchor="end">${escapeXml(name)}</text>`;
    const content = summary === null ? absent(words) : bar(summary, unit, scale);
    return `<g transform="translate(0 ${TITLE_HEIGHT + index * ROW_HEIGHT})">${label}${content}</g>`;
  });
  return [...head, ...bars].join('\n');
}

function bar(summary: Summary, unit: string, scale: number): string {
  const at = (value: number): string => (LABEL_WIDTH + value * scale).toFixed(1);
  const middle = BAR_HEIGHT / 2 + 0.5;
  const width = (summary.median * scale).toFixed(1);
  return (
    `<rect x="${LABEL_WIDTH}" y="1" width="${width}" height="${BAR_HEIGHT}" fill="${barColor(summary.peer)}"/>` +
    `<path d="M${at(summary.min)} ${middle}H${at(summary.max)}" stroke="${INK}" stroke-width="1.5"/>` +
    `<text x="${(Number(at(summary.max)) + 6).toFixed(1)}" y="12">${formatFigure(summary.median, unit)}</text>`
  );
}

function absent(words: string): string {
  return `<text x="${LABEL_WIDTH}" y="12" fill="${MUTED}">${escapeXml(words)}</text>`;
}
