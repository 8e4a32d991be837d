/**
 * Transcripts of the real ipvsadm on a real kernel, told again: `$ words`, then what was printed, then `exit N` where
 * that is not 0. The table behind them is table-answerer.ts.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CannedDaemon } from './canned-daemon.js';
import { runMain, withoutThresholds } from './run-main.js';
import { Table } from './table-answerer.js';
import { TRANSCRIPT as EDITS } from './transcript-edits.js';
import { TRANSCRIPT as FORWARDING } from './transcript-forwarding.js';
import { TRANSCRIPT as NETMASKS } from './transcript-netmasks.js';
import { TRANSCRIPT as NETMASKS_LISTED } from './transcript-netmasks-listed.js';
import { TRANSCRIPT as ORDERS } from './transcript-orders.js';
import { TRANSCRIPT as SERVICES } from './transcript-services.js';
import { TRANSCRIPT as TABLE } from './transcript-table.js';
import { TRANSCRIPT as TABLE_FIGURES } from './transcript-table-figures.js';
import { TRANSCRIPT as TABLE_SAVED } from './transcript-table-saved.js';
import { TRANSCRIPT as THRESHOLDS } from './transcript-thresholds.js';
import { TRANSCRIPT as TUNNELS } from './transcript-tunnels.js';

const TRANSCRIPTS: ReadonlyMap<string, string> = new Map([
  ['tunnels', TUNNELS],
  ['forwarding methods', FORWARDING],
  ['thresholds', THRESHOLDS],
  ['edits', EDITS],
  ['netmasks', NETMASKS + NETMASKS_LISTED],
  ['services', SERVICES],
  ['commands without a service', ORDERS],
  ['a table in every layout', TABLE + TABLE_FIGURES + TABLE_SAVED],
]);

/** The commands of a transcript, each with all that was printed. */
function steps(transcript: string): { readonly words: string; readonly printed: string }[] {
  return transcript
    .split(/^\$ /m)
    .slice(1)
    .map((step) => ({
      words: step.slice(0, step.indexOf('\n')),
      printed: step.slice(step.indexOf('\n') + 1),
    }));
}

describe('uipvsadm answers as ipvsadm does', () => {
  for (const [name, transcript] of TRANSCRIPTS) {
    it(name, async () => {
      const daemon = await CannedDaemon.start(new Table().answer);
      try {
        const all = steps(transcript);
        assert.ok(all.length > 20, `only ${all.length} commands`);
        for (const { words, printed } of all) {
          const { exitCode, out, err } = await runMain(words.split(' '), { socketPath: daemon.socketPath });
          const exit = exitCode === 0 ? '' : `exit ${exitCode}\n`;
          assert.equal(`$ ${words}\n${err}${withoutThresholds(words, out)}${exit}`, `$ ${words}\n${printed}`);
        }
      } finally {
        await daemon.stop();
      }
    });
  }
});
