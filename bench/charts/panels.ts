import type { Peer } from '../peer.js';
import type { Summary } from '../summary.js';
import type { Trial } from '../trial.js';
import { type BarPanel, barPanel, PANEL_WIDTH, panelHeight, type Row } from './bars.js';
import { LINES_HEIGHT, LINES_WIDTH, type LineChart, lineChart } from './lines.js';

/** What a run found, as all charts want it. */
export interface Findings {
  readonly trials: readonly Trial[];
  readonly peers: readonly Peer[];
  readonly summaries: readonly Summary[];
  /** Peers that cannot run here, by name, and why. */
  readonly unavailable: ReadonlyMap<string, string>;
}

/** A drawing that is to be placed. */
export interface Panel {
  readonly title: string;
  readonly width: number;
  readonly height: number;
  readonly content: string;
}

function summaryOf(findings: Findings, trial: Trial, peer: Peer): Summary | undefined {
  return findings.summaries.find((summary) => summary.trial === trial.name && summary.peer === peer.name);
}

/** Rows of one trial: peers with figures, and those that would have some but cannot run. */
function rowsOf(findings: Findings, trial: Trial, nameOf: (peer: Peer) => string): Row[] {
  return findings.peers.flatMap((peer): Row[] => {
    const summary = summaryOf(findings, trial, peer);
    if (summary !== undefined) return [{ name: nameOf(peer), summary, words: '' }];
    const isMissing = findings.unavailable.has(peer.name) && (trial.usualPeers?.includes(peer.name) ?? true);
    return isMissing ? [{ name: nameOf(peer), summary: null, words: 'not available' }] : [];
  });
}

function bars(panel: BarPanel): Panel {
  return {
    title: panel.title,
    width: PANEL_WIDTH,
    height: panelHeight(panel.rows.length),
    content: barPanel(panel),
  };
}

/** Peers beside one another, for one trial. Null when nothing was measured. */
export function trialPanel(findings: Findings, trial: Trial): Panel | null {
  const rows = rowsOf(findings, trial, (peer) => peer.title);
  if (rows.every(({ summary }) => summary === null)) return null;
  return bars({ title: trial.title, unit: trial.unit, better: trial.better, rows });
}

/** All trials of a family: lines where their labels are quantities, else bars. Null when nothing was measured. */
export function familyPanel(findings: Findings, family: readonly Trial[]): Panel | null {
  const [first] = family;
  if (first?.family === undefined) return null;
  const { title, isOrdered } = first.family;
  const common = { title, unit: first.unit, better: first.better };
  const peers = findings.peers.filter((peer) =>
    family.some((trial) => summaryOf(findings, trial, peer) !== undefined),
  );
  if (peers.length === 0) return null;
  if (isOrdered) {
    const measured = family.filter((trial) =>
      findings.peers.some((peer) => summaryOf(findings, trial, peer) !== undefined),
    );
    const lines = peers.map((peer) => ({
      peer: peer.name,
      title: peer.title,
      values: measured.map((trial) => summaryOf(findings, trial, peer)?.median ?? Number.NaN),
    }));
    const labels = measured.map((trial) => trial.family?.label ?? '');
    const chart: LineChart = { ...common, labels, lines };
    return { title, width: LINES_WIDTH, height: LINES_HEIGHT, content: lineChart(chart) };
  }
  const rows = family.flatMap((trial) =>
    rowsOf({ ...findings, peers }, trial, (peer) =>
      peers.length === 1 ? (trial.family?.label ?? '') : `${trial.family?.label} ${peer.title}`,
    ),
  );
  return bars({ ...common, rows });
}
