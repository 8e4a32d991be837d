import { escapeXml, GRID, lineColor, MUTED } from './svg.js';

/** Medians of one peer, one for each label; NaN where there is none. */
export interface Line {
  readonly peer: string;
  readonly title: string;
  readonly values: readonly number[];
}

export interface LineChart {
  readonly title: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  readonly labels: readonly string[];
  readonly lines: readonly Line[];
}

export const LINES_WIDTH = 480;
const PLOT = { left: 64, right: 16, top: 56, height: 190, bottom: 30 };
export const LINES_HEIGHT = PLOT.top + PLOT.height + PLOT.bottom;
const GRID_LINES = 4;
const LEGEND_COLUMN_WIDTH = 158;

/** A line for every peer over labels in their order, from zero. */
export function lineChart({ title, unit, better, labels, lines }: LineChart): string {
  const known = lines.flatMap(({ values }) => values.filter((value) => !Number.isNaN(value)));
  const top = roundUp(Math.max(...known, 1e-9));
  const width = LINES_WIDTH - PLOT.left - PLOT.right;
  const x = (index: number): number => PLOT.left + ((index + 0.5) * width) / labels.length;
  const y = (value: number): number => PLOT.top + PLOT.height * (1 - value / top);
  return [
    `<text y="12" font-weight="600">${escapeXml(title)}</text>`,
    `<text x="${LINES_WIDTH}" y="12" text-anchor="end" font-size="11" fill="${MUTED}">${unit}, ${better} is better</text>`,
    ...lines.map((line, index) => legend(line, index)),
    ...Array.from({ length: GRID_LINES + 1 }, (_, index) => grid((top * index) / GRID_LINES, y)),
    ...labels.map((label, index) => {
      const below = PLOT.top + PLOT.height + 18;
      return `<text x="${x(index).toFixed(1)}" y="${below}" text-anchor="middle" font-size="11">${escapeXml(label)}</text>`;
    }),
    ...lines.map((line) => polyline(line, x, y)),
  ].join('\n');
}

/** The next of 1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8 times a power of ten: its quarters are short numbers. */
function roundUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const steps = [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10];
  return power * (steps.find((step) => step * power >= value) ?? 10);
}

function legend({ peer, title }: Line, index: number): string {
  const x = (index % 3) * LEGEND_COLUMN_WIDTH;
  const y = 28 + Math.floor(index / 3) * 15;
  return (
    `<rect x="${x}" y="${y - 7}" width="14" height="4" fill="${lineColor(peer)}"/>` +
    `<text x="${x + 19}" y="${y}" font-size="11">${escapeXml(title)}</text>`
  );
}

function grid(value: number, y: (value: number) => number): string {
  const height = y(value).toFixed(1);
  return (
    `<path d="M${PLOT.left} ${height}H${LINES_WIDTH - PLOT.right}" stroke="${GRID}"/>` +
    `<text x="${PLOT.left - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end" font-size="11" fill="${MUTED}">${value.toLocaleString('en-US', { maximumSignificantDigits: 3 })}</text>`
  );
}

function polyline(line: Line, x: (index: number) => number, y: (value: number) => number): string {
  const color = lineColor(line.peer);
  const points = line.values.flatMap((value, index) =>
    Number.isNaN(value) ? [] : [[x(index).toFixed(1), y(value).toFixed(1)] as const],
  );
  const path = points.map(([across, down]) => `${across},${down}`).join(' ');
  const dots = points.map(([across, down]) => `<circle cx="${across}" cy="${down}" r="3" fill="${color}"/>`);
  return `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>${dots.join('')}`;
}
