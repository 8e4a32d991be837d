import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { loadOwnSchedulers } from '../../src/daemon/own-schedulers.js';
import { FLOW } from '../ipvs/specs.js';
import { Trial } from '../ipvs/trial.js';

const NOBODY = 65534;
const RIGHT = 'export default { schedule: ({ destinations }) => destinations[1] };';

let directory = '';
before(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'uipvs-schedulers-'));
});
after(() => rmSync(directory, { recursive: true }));

function written(name: string, text: string): string {
  const file = path.join(directory, name);
  writeFileSync(file, text, { mode: 0o644 });
  return file;
}

async function load(file: string, name = 'own') {
  return (await loadOwnSchedulers([{ name, path: file }])).get(name)!;
}

test('a module is a scheduler by the name that it is given', async () => {
  const own = await load(written('right.mjs', RIGHT));
  assert.equal(own.name, 'own');
  assert.equal(own.init, undefined);
  assert.equal(new Trial({ schedulers: [own] }).with('own', 1, 2, 3).connect(), 2);
});

test('its hooks are called on the object that it exported, and what it changes there later is not looked at', async () => {
  const text = `
    class Own {
      name = 'own';
      heard = [];
      init() { return this.heard; }
      destinationAdded({ state }, { address }) { state.push(address); }
      destinationEdited({ state }) { state.push('edited'); }
      destinationRemoved({ state }) { state.push('removed'); }
      schedule({ state, destinations }) {
        this.schedule = null;
        this.init = null;
        return this.heard === state ? destinations[0] : null;
      }
    }
    export default new Own();`;
  const own = await load(written('class.mjs', text));
  const trial = new Trial({ schedulers: [own] }).with('own', 1);
  assert.deepEqual([trial.connect(), trial.connect()], [1, 1]);
  assert.equal(trial.director.schedulerTroubles.count, 0);
  assert.equal(own.mayChooseOverloaded, false);
  assert.ok((own.timeLimitMs ?? 0) > 0);
  assert.deepEqual(own.init?.({ family: 4, destinations: [], schedulerFlags: 0 }), ['10.1.0.11']);
});

test('what it asks of the flow is there', async () => {
  const text = `export default { schedule({ destinations }, { sourceWords, family, sourcePort }) {
    return destinations[(sourceWords[0] + family + sourcePort) % destinations.length];
  } };`;
  const trial = new Trial({ schedulers: [await load(written('flow.mjs', text))] }).with('own', 1, 2, 3);
  const wanted = 3 - (((FLOW.sourceWords[0] ?? 0) + FLOW.family + FLOW.sourcePort) % 3);
  assert.equal(trial.connect(), wanted);
});

for (const [what, text, says] of [
  ['is empty', '', /must export a scheduler as its default/],
  ['does not parse', 'export default {', /does not load: Unexpected/],
  ['throws', 'throw new Error("no\\nlicence")', /does not load: no licence$/],
  ['throws what cannot be made a text', 'throw Object.create(null)', /does not load: it throws something/],
  ['imports what is not there', 'import "./nothing.mjs"', /does not load: Cannot find module/],
  ['has no default', 'export const scheduler = {}', /must export a scheduler as its default/],
  ['exports a function', 'export default () => undefined', /must export a scheduler as its default/],
  ['exports null', 'export default null', /must export a scheduler as its default/],
  ['has no schedule', 'export default { name: "own" }', /must have a function schedule/],
  ['has a schedule that is none', 'export default { schedule: 7 }', /must have a function schedule/],
  [
    'has a hook that is none',
    'export default { schedule() {}, destinationAdded: [] }',
    /must have no destinationAdded, or a function/,
  ],
  ['has another name', 'export default { name: "other", schedule() {} }', /calls itself 'other'/],
] as const) {
  test(`a module that ${what} is refused in a sentence that names it`, async () => {
    const file = written(`${what.replaceAll(' ', '-')}.mjs`, text);
    await assert.rejects(load(file), (error: { code?: string; message: string }) => {
      assert.equal(error.code, 'EINVAL');
      assert.ok(error.message.startsWith(`scheduler own in ${file} `), error.message);
      assert.match(error.message, says);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  });
}

for (const name of ['rr', 'twos', 'none']) {
  test(`the name ${name} is taken`, async () => {
    const refusal = { code: 'EEXIST', message: /has the name of one that uipvs brings along/ };
    await assert.rejects(load(written('right.mjs', RIGHT), name), refusal);
  });
}

test('a file that is missing, is a directory or is no .mjs is refused', async () => {
  await assert.rejects(load(path.join(directory, 'missing.mjs')), {
    code: 'ENOENT',
    message: /missing\.mjs/,
  });
  mkdirSync(path.join(directory, 'folder.mjs'));
  await assert.rejects(load(path.join(directory, 'folder.mjs')), {
    code: 'EINVAL',
    message: /must be a file/,
  });
  await assert.rejects(load(written('right.js', RIGHT)), { code: 'EINVAL', message: /ends in \.mjs/ });
});

test('a file that others could write, or replace, is refused, by way of a link too', async () => {
  const message = /could be anybody's: .* is writable by others/;
  const file = written('open.mjs', RIGHT);
  for (const mode of [0o666, 0o664, 0o1646]) {
    chmodSync(file, mode);
    await assert.rejects(load(file), { code: 'EPERM', message }, mode.toString(8));
  }
  chmodSync(file, 0o644);
  const open = path.join(directory, 'open');
  mkdirSync(open);
  written('open/right.mjs', RIGHT);
  symlinkSync(path.join(open, 'right.mjs'), path.join(directory, 'link.mjs'));
  await load(path.join(directory, 'link.mjs'));
  chmodSync(open, 0o777);
  await assert.rejects(load(path.join(open, 'right.mjs')), { code: 'EPERM', message });
  await assert.rejects(load(path.join(directory, 'link.mjs')), { code: 'EPERM', message });
});

const skip = process.geteuid?.() === 0 ? false : 'only root can give a file to another user';
test('a file of another user, or in a directory of one, is refused', { skip }, async () => {
  const message = /could be anybody's: .* belongs to another user/;
  const file = written('given.mjs', RIGHT);
  chownSync(file, NOBODY, NOBODY);
  await assert.rejects(load(file), { code: 'EPERM', message });
  mkdirSync(path.join(directory, 'given'));
  const inside = written('given/right.mjs', RIGHT);
  chownSync(path.join(directory, 'given'), NOBODY, NOBODY);
  await assert.rejects(load(inside), { code: 'EPERM', message });
});
