import { families } from '../run.js';
import { formatReached, formatRequired, table } from '../table.js';
import type { Judgement } from '../targets.js';
import { type Findings, familyPanel, type Panel, trialPanel } from './panels.js';
import { escapeXml, FONT, GRID, INK, MUTED, picture } from './svg.js';

const STYLE = `
  :root { color-scheme: light; }
  body { margin: 24px auto; max-width: 1120px; padding: 0 24px; background: #ffffff; color: ${INK};
    font: 14px/1.45 ${FONT}; }
  h1 { font-size: 24px; margin: 0; }
  h2 { font-size: 18px; margin: 36px 0 12px; }
  p { margin: 4px 0; color: ${MUTED}; }
  table { border-collapse: collapse; }
  th, td { padding: 3px 14px 3px 0; border-bottom: 1px solid ${GRID}; text-align: left; }
  td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
  .reached { color: #1a7f37; font-weight: 600; }
  .missed { color: #cf222e; font-weight: 600; }
  .not { color: ${MUTED}; }
  .charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(500px, 1fr)); gap: 28px 40px; }
  svg { max-width: 100%; height: auto; }
  pre { overflow-x: auto; font-size: 11px; line-height: 1.4; }
`;

/** All that a run found as one HTML page without any other file. `subtitle` says where and when it was measured. */
export function page(findings: Findings, judgements: readonly Judgement[], subtitle: string): string {
  const groups = families(findings.trials);
  const alone = groups.flatMap(([first, ...others]) =>
    first !== undefined && first.family === undefined && others.length === 0 ? [first] : [],
  );
  const single = alone.map((trial) => trialPanel(findings, trial));
  const grouped = groups.map((family) => familyPanel(findings, family));
  const text = table(findings.trials, findings.peers, findings.summaries, findings.unavailable);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>uipvs: figures</title>
<style>${STYLE}</style>
<h1>uipvs and its peers</h1>
<p>${escapeXml(subtitle)}</p>
<p>Medians of interleaved rounds on one machine; only ratios travel to another. A thin line goes from the least to the
greatest sample.</p>
${targets(findings, judgements)}
${charts('Beside its peers', single)}
${charts('By one thing at a time', grouped)}
<h2>All figures</h2>
<p>CPU is processor time of the whole machine in us for one operation; director and worker are what the director's
processes and uipvs's data plane have of it.</p>
<pre>${escapeXml(text)}</pre>
<h2>Peers</h2>
${peerList(findings)}
</html>
`;
}

function charts(title: string, panels: readonly (Panel | null)[]): string {
  const drawn = panels.filter((panel) => panel !== null);
  if (drawn.length === 0) return '';
  const pictures = drawn.map((panel) => picture(panel.title, panel.width, panel.height, panel.content));
  return `<h2>${escapeXml(title)}</h2>\n<div class="charts">\n${pictures.join('\n')}</div>`;
}

function targets(findings: Findings, judgements: readonly Judgement[]): string {
  if (judgements.length === 0) return '';
  const rows = judgements.map(({ target, reached, verdict, isDisturbed }) => {
    const peer = findings.peers.find(({ name }) => name === target.quantity.peer);
    const sign = target.bound === 'at least' ? '≥' : '≤';
    const cells = [
      `<td>${escapeXml(target.figure)}</td>`,
      `<td>${escapeXml(peer?.title ?? target.quantity.peer)}</td>`,
      `<td>${escapeXml(target.against?.label ?? '')}</td>`,
      `<td class="number">${Number.isNaN(reached) ? '' : formatReached(reached, target)}</td>`,
      `<td class="number">${sign} ${formatRequired(target)}</td>`,
      `<td class="${verdict.split(' ')[0]}">${verdict}${isDisturbed ? ' (disturbed)' : ''}</td>`,
    ];
    return `<tr>${cells.join('')}</tr>`;
  });
  const head =
    '<tr><th>figure<th><th>against<th class="number">reached<th class="number">required<th>verdict</tr>';
  return `<h2>Must reach</h2>\n<table>${head}\n${rows.join('\n')}\n</table>`;
}

function peerList({ peers, unavailable }: Findings): string {
  const items = peers.map(({ name, title, description }) => {
    const reason = unavailable.get(name);
    const words = reason === undefined ? description : `${description}; not available: ${reason}`;
    return `<li><b>${escapeXml(title)}</b>: ${escapeXml(words)}</li>`;
  });
  return `<ul>\n${items.join('\n')}\n</ul>`;
}
