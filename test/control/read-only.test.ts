import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Request } from '../../src/control/protocol.js';
import { isReading, readOnly } from '../../src/control/read-only.js';
import type { ReceivedRequest } from '../../src/control/request.js';

const PROTOCOL = fileURLToPath(new URL('../../../src/control/protocol.ts', import.meta.url));

/** Decided for each: whoever adds one decides here too. */
const DECIDED: Readonly<Record<Request['op'], 'reads' | 'changes'>> = {
  info: 'reads',
  list: 'reads',
  connections: 'reads',
  timeouts: 'reads',
  sysctls: 'reads',
  drops: 'reads',
  'set-timeouts': 'changes',
  'set-sysctl': 'changes',
  'stop-sync-daemon': 'changes',
  batch: 'changes',
  sequence: 'changes',
  flush: 'changes',
  zero: 'changes',
  'add-service': 'changes',
  'edit-service': 'changes',
  'delete-service': 'changes',
  'add-destination': 'changes',
  'edit-destination': 'changes',
  'delete-destination': 'changes',
};

describe('a read-only socket', () => {
  it('is decided on for every operation of the protocol', () => {
    const text = readFileSync(PROTOCOL, 'utf8');
    const union = text.slice(text.indexOf('export type Request ='), text.indexOf('/** What each operation'));
    const operations = [...union.matchAll(/readonly op: '([a-z-]+)'/g)].map(([, op]) => op);
    assert.deepEqual([...new Set(operations)].sort(), Object.keys(DECIDED).sort());
  });

  for (const [op, kind] of Object.entries(DECIDED) as [Request['op'], 'reads' | 'changes'][]) {
    it(kind === 'reads' ? `answers ${op}` : `refuses ${op}, which is not carried out`, async () => {
      const carriedOut: string[] = [];
      const handler = readOnly(async (request) => {
        carriedOut.push(request.op);
        return { result: null };
      });
      // Whether it is refused depends on its name alone.
      const answer = handler({ op } as ReceivedRequest);
      if (kind === 'reads') await answer;
      else
        await assert.rejects(answer, { code: 'EPERM', message: new RegExp(`^'${op}' is refused: [^.\n]+$`) });
      assert.deepEqual(carriedOut, kind === 'reads' ? [op] : []);
      assert.equal(isReading(op), kind === 'reads');
    });
  }
});
