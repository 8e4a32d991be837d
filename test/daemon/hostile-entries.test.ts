/** Whatever stands in the file of the configuration is an entry or is refused. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { UipvsError } from '../../src/base/error.js';
import { readSavedState } from '../../src/daemon/saved-state.js';
import {
  formatEntry,
  parseEntry,
  type StateEntry,
  SUM_OF_NOTHING,
  sumOfText,
} from '../../src/daemon/state-entry.js';
import { restoreInto } from '../../src/daemon/state-restore.js';
import { edited } from '../fuzz/edited.js';
import { fuzzRuns } from '../fuzz/runs.js';
import { destinationSpec, serviceSpec, tcpKey } from '../ipvs/specs.js';
import { Trial } from '../ipvs/trial.js';

const BOOT = '3b0e6d4c-0000-4000-8000-000000000001';
const KEY = tcpKey();
const DESTINATION = destinationSpec(1, { port: 8080 });
const BEGIN: StateEntry = { op: 'begin', version: 1, bootId: BOOT };
const ENTRIES: readonly StateEntry[] = [
  { op: 'add-service', service: serviceSpec() },
  { op: 'edit-service', service: serviceSpec({ scheduler: 'wlc' }) },
  { op: 'add-destination', key: KEY, destination: DESTINATION, id: 7, place: 0 },
  { op: 'edit-destination', key: KEY, destination: DESTINATION },
  { op: 'delete-destination', key: KEY, destination: DESTINATION },
  { op: 'delete-service', key: KEY },
  { op: 'set-timeouts', timeouts: { tcp: 1, tcpFin: 2, udp: 3 } },
  { op: 'set-sysctl', name: 'am_droprate', value: '5' },
  { op: 'keep-device', name: 'uipvs0' },
  { op: 'give-device', name: 'uipvs0' },
  { op: 'flush' },
];
const TEXTS: readonly string[] = [
  ...[BEGIN, ...ENTRIES].map((entry) => JSON.stringify(entry)),
  JSON.stringify({ op: 'batch', entries: ENTRIES }),
];
const nearlyEntry = edited(TEXTS);

/** With the right sum, since nobody would guess it. */
function summed(json: string): string {
  return `${sumOfText(json, SUM_OF_NOTHING).toString(16).padStart(8, '0')} ${json}`;
}

/** Undefined where it is refused. */
function parsed(line: string): StateEntry | undefined {
  try {
    return parseEntry(line);
  } catch (thrown) {
    assert.ok(thrown instanceof UipvsError && thrown.code === 'EINVAL', String(thrown));
    assert.ok(!thrown.message.includes('\n'), thrown.message);
    return undefined;
  }
}

describe('a line of the saved configuration', () => {
  it('that is right but for some characters is an entry that can be written again, or is refused', () => {
    const counts = { taken: 0, refused: 0 };
    const property = fc.property(nearlyEntry, (json) => {
      const entry = parsed(summed(json));
      counts[entry === undefined ? 'refused' : 'taken'] += 1;
      if (entry !== undefined) assert.deepEqual(parseEntry(formatEntry(entry).slice(0, -1)), entry);
    });
    fc.assert(property, { numRuns: fuzzRuns(20_000) });
    const both = counts.taken + counts.refused;
    assert.ok(counts.taken > both / 40 && counts.refused > both / 4, JSON.stringify(counts));
  });

  it('with a sum that is not its own is refused', () => {
    const property = fc.property(edited(TEXTS.map(summed)), (line) => {
      const entry = parsed(line);
      assert.ok(entry === undefined || summed(line.slice(9)) === line, line);
    });
    fc.assert(property, { numRuns: fuzzRuns(5000) });
  });
});

describe('the file of the saved configuration', () => {
  it('is a configuration that can be restored, or is refused at a line, whatever is in it', () => {
    const counts = { taken: 0, refused: 0 };
    const lines = fc.array(fc.oneof(nearlyEntry, fc.constantFrom(...TEXTS)), { maxLength: 4 });
    const property = fc.property(lines, (jsons) => {
      const text = [JSON.stringify(BEGIN), JSON.stringify(ENTRIES[0]), ...jsons].map(summed).join('\n');
      try {
        const { state } = readSavedState(`${text}\n`, BOOT);
        // What the configuration refuses is told, not thrown.
        restoreInto(new Trial().director, state, (refusal) => assert.ok(refusal instanceof UipvsError));
        counts.taken += 1;
      } catch (thrown) {
        assert.ok(thrown instanceof UipvsError && thrown.code === 'EINVAL', String(thrown));
        assert.match(thrown.message, /^its line \d+ is not understood$/);
        counts.refused += 1;
      }
    });
    fc.assert(property, { numRuns: 2000 });
    assert.ok(counts.taken > 100 && counts.refused > 500, JSON.stringify(counts));
  });
});
