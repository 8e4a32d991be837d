import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { SavedState } from '../../src/daemon/saved-state.js';
import type { StateEntry } from '../../src/daemon/state-entry.js';
import { StateJournal } from '../../src/daemon/state-journal.js';
import { serviceSpec, tcpKey } from '../ipvs/specs.js';

const BOOT = 'this-boot';

function service(port: number): StateEntry {
  return { op: 'add-service', service: serviceSpec({ key: tcpKey(port) }) };
}

function ports(state: SavedState | null): readonly number[] | null {
  if (state === null) return null;
  return [...state.services.values()].map(({ spec }) => (spec.key.kind === 'address' ? spec.key.port : 0));
}

describe('the journal of the configuration', () => {
  let directory = '';
  let path = '';
  let troubles: string[] = [];
  const open = (isFresh = false, bootId = BOOT) =>
    StateJournal.open({ path, bootId, onTrouble: (sentence) => troubles.push(sentence) }, isFresh);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'uipvs-journal-'));
    path = join(directory, 'services');
    troubles = [];
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('has what was noted as soon as the turn of the event loop ends, whatever happens to the process then', async () => {
    const { journal, state } = open();
    assert.equal(state, null);
    journal.note(service(80));
    await Promise.resolve().then(() => journal.note(service(81)));
    await turn();
    // Nobody closes it.
    assert.deepEqual(ports(open().state), [80, 81]);
    assert.deepEqual(troubles, []);
  });

  it('goes on where a line was cut off', async () => {
    const { journal } = open();
    journal.note(service(80));
    journal.flush();
    writeFileSync(path, 'deadbeef {"op":"fl', { flag: 'a' });
    const next = open();
    assert.deepEqual(ports(next.state), [80]);
    next.journal.note(service(81));
    next.journal.flush();
    assert.deepEqual(ports(open().state), [80, 81]);
    assert.deepEqual(troubles, []);
  });

  it('begins anew where it is asked to, but for the devices that stay', () => {
    const { journal } = open();
    journal.note(service(80));
    journal.note({ op: 'keep-device', name: 'uipvs0' });
    journal.flush();
    open(true);
    const { state } = open();
    assert.deepEqual(ports(state), []);
    assert.deepEqual([...(state?.devices ?? [])], ['uipvs0']);
  });

  for (const [what, spoil, reason] of [
    ['of another boot', () => open(false, 'another-boot'), 'it is from before the host was started'],
    [
      'that is none',
      () => writeFileSync(path, 'something\n', { mode: 0o600 }),
      'its line 1 is not understood',
    ],
    ['of zeros', () => writeFileSync(path, Buffer.alloc(100), { mode: 0o600 }), 'it has no beginning'],
  ] as const) {
    it(`says in one line that it does not use a file ${what}, and begins anew`, () => {
      spoil();
      troubles = [];
      assert.equal(open().state, null);
      assert.deepEqual(troubles, [`the saved state ${path} is not used: ${reason}`]);
      assert.deepEqual(ports(open().state), []);
    });
  }

  for (const [what, make] of [
    ['that others may read', () => chmodSync(path, 0o640)],
    ['that others may write', () => chmodSync(path, 0o602)],
    ['with another name', () => linkSync(path, join(directory, 'other'))],
    [
      'that is a symbolic link',
      () => {
        writeFileSync(join(directory, 'other'), '', { mode: 0o600 });
        rmSync(path);
        symlinkSync('other', path);
      },
    ],
  ] as const) {
    it(`refuses a file ${what}`, () => {
      open();
      make();
      assert.throws(() => open(), { code: 'EPERM' });
    });
  }

  it('is made for its owner alone', () => {
    open();
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('is written anew when it is long, with what is noted meanwhile behind', async () => {
    const { journal } = open();
    assert.equal(journal.isLongFor(0), false);
    for (let edit = 0; edit < 1100; edit += 1)
      journal.note({ op: 'set-sysctl', name: 'am_droprate', value: '5' });
    journal.flush();
    assert.equal(journal.isLongFor(0), true);
    assert.equal(journal.isLongFor(100_000), false);
    const entries = Array.from({ length: 5000 }, (_, port) => service(port + 1));
    const rewriting = journal.rewrite(entries);
    journal.note(service(6000));
    journal.flush();
    assert.equal(journal.isLongFor(0), false);
    await rewriting;
    assert.equal(existsSync(`${path}.new`), false);
    const { state } = open();
    assert.equal(state?.sysctls.size, 0);
    assert.deepEqual(ports(state), [...Array.from({ length: 5000 }, (_, port) => port + 1), 6000]);
    assert.equal(journal.isLongFor(0), false);
  });

  it('is as it was where it cannot be written anew', async () => {
    const { journal } = open();
    journal.note(service(80));
    rmSync(directory, { recursive: true });
    await journal.rewrite([service(81)]);
    assert.match(troubles.join(), /^the saved state is not made shorter: /);
    journal.note(service(82));
    journal.flush();
    assert.equal(troubles.length, 1);
    directory = mkdtempSync(join(tmpdir(), 'uipvs-journal-'));
  });

  it('is gone when it is to be forgotten', () => {
    const { journal } = open();
    journal.note(service(80));
    journal.remove();
    journal.remove();
    assert.equal(existsSync(path), false);
  });
});
