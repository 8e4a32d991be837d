import type { Peer } from './peer.js';
import type { Summary } from './summary.js';
import { formatFigure } from './table.js';
import type { Trial } from './trial.js';

/** All in user units, which are pixels at natural size. */
const PANEL = { width: 460, gap: 28, titleHeight: 26, rowHeight: 22, barHeight: 14 };
const MARGIN = 24;
const HEAD_HEIGHT = 58;
const COLUMNS = 2;
const LABEL_WIDTH = 112;
/** To the right of the longest bar, for its figure. */
const FIGURE_WIDTH = 78;

const INK = '#1f2328';
const MUTED = '#59636e';
const OURS = '#0969da';
const OTHERS = '#a9b4c0';

/**
 * The medians as an SVG picture: a panel for every trial, a bar for every peer, a thin line from the least to the
 * greatest sample. `subtitle` says where and when it was measured.
 */
export function chart(
  trials: readonly Trial[],
  peers: readonly Peer[],
  summaries: readonly Summary[],
  subtitle: string,
): string {
  const panelHeight = PANEL.titleHeight + peers.length * PANEL.rowHeight;
  const rows = Math.ceil(trials.length / COLUMNS);
  const width = 2 * MARGIN + COLUMNS * PANEL.width + (COLUMNS - 1) * PANEL.gap;
  const height = HEAD_HEIGHT + MARGIN + rows * (panelHeight + PANEL.gap);
  const panels = trials.map((trial, index) => {
    const x = MARGIN + (index % COLUMNS) * (PANEL.width + PANEL.gap);
    const y = HEAD_HEIGHT + MARGIN + Math.floor(index / COLUMNS) * (panelHeight + PANEL.gap);
    return `<g transform="translate(${x} ${y})">${panel(trial, peers, summaries)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"
  font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="13" fill="${INK}">
<title>uipvs and its peers: ${escapeXml(subtitle)}</title>
<rect width="${width}" height="${height}" fill="#ffffff"/>
<text x="${MARGIN}" y="36" font-size="20" font-weight="600">uipvs and its peers</text>
<text x="${MARGIN}" y="58" fill="${MUTED}">${escapeXml(subtitle)}</text>
${panels.join('\n')}
</svg>
`;
}

function panel(trial: Trial, peers: readonly Peer[], summaries: readonly Summary[]): string {
  const ofTrial = summaries.filter((summary) => summary.trial === trial.name);
  const scale = (PANEL.width - LABEL_WIDTH - FIGURE_WIDTH) / Math.max(...ofTrial.map(({ max }) => max), 1e-9);
  const title =
    `<text y="12" font-weight="600">${escapeXml(trial.title)}` +
    `<tspan font-weight="400" fill="${MUTED}" dx="6">${trial.unit}, ${trial.better} is better</tspan></text>`;
  const bars = peers.map((peer, index) => {
    const summary = ofTrial.find((item) => item.peer === peer.name);
    const content = summary === undefined ? absent() : bar(summary, trial, scale);
    const name = `<text x="${LABEL_WIDTH - 8}" y="12" text-anchor="end">${escapeXml(peer.name)}</text>`;
    return `<g transform="translate(0 ${PANEL.titleHeight + index * PANEL.rowHeight})">${name}${content}</g>`;
  });
  return [title, ...bars].join('\n');
}

function bar(summary: Summary, trial: Trial, scale: number): string {
  const at = (value: number): string => (LABEL_WIDTH + value * scale).toFixed(1);
  const middle = PANEL.barHeight / 2 + 0.5;
  const fill = summary.peer.startsWith('uipvs') ? OURS : OTHERS;
  const figure = formatFigure(summary.median, trial.unit);
  return (
    `<rect x="${LABEL_WIDTH}" y="1" width="${(summary.median * scale).toFixed(1)}" height="${PANEL.barHeight}" fill="${fill}"/>` +
    `<path d="M${at(summary.min)} ${middle}H${at(summary.max)}" stroke="${INK}" stroke-width="1.5"/>` +
    `<text x="${(Number(at(summary.max)) + 6).toFixed(1)}" y="12">${figure}</text>`
  );
}

function absent(): string {
  return `<text x="${LABEL_WIDTH}" y="12" fill="${MUTED}">n/a</text>`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
