import { type Findings, trialPanel } from './panels.js';
import { escapeXml, MUTED, picture } from './svg.js';

/** All in user units, which are pixels at natural size. */
const GAP = 28;
const MARGIN = 24;
const HEAD_HEIGHT = 58;
const COLUMNS = 2;

/**
 * uipvs beside its peers as one SVG picture, for a page that cannot show more: the trials that every peer can do, each
 * with a bar for every peer. `subtitle` says where and when it was measured.
 */
export function chart(findings: Findings, subtitle: string): string {
  const compared = findings.trials.filter(({ family, uipvs }) => family === undefined && uipvs === undefined);
  const panels = compared.map((trial) => trialPanel(findings, trial)).filter((panel) => panel !== null);
  const cell = {
    width: Math.max(0, ...panels.map(({ width }) => width)),
    height: Math.max(0, ...panels.map(({ height }) => height)),
  };
  const rows = Math.ceil(panels.length / COLUMNS);
  const width = 2 * MARGIN + COLUMNS * cell.width + (COLUMNS - 1) * GAP;
  const height = HEAD_HEIGHT + MARGIN + rows * (cell.height + GAP);
  const placed = panels.map(({ content }, index) => {
    const x = MARGIN + (index % COLUMNS) * (cell.width + GAP);
    const y = HEAD_HEIGHT + MARGIN + Math.floor(index / COLUMNS) * (cell.height + GAP);
    return `<g transform="translate(${x} ${y})">${content}</g>`;
  });
  const head =
    `<text x="${MARGIN}" y="36" font-size="20" font-weight="600">uipvs and its peers</text>\n` +
    `<text x="${MARGIN}" y="58" fill="${MUTED}">${escapeXml(subtitle)}</text>\n`;
  return picture(`uipvs and its peers: ${subtitle}`, width, height, head + placed.join('\n'));
}
