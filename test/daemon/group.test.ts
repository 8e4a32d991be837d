import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { groupNumber } from '../../src/daemon/group.js';
import { parseDaemonOptions } from '../../src/daemon/options.js';

let directory = '';
let file = '';
before(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'uipvs-group-'));
  file = path.join(directory, 'group');
  writeFileSync(file, 'root:x:0:\nlb:x:1234:ann,bob\nlb-read:x:1235:\nbad:x::\nnogroup:x:65534:\n');
});
after(() => rmSync(directory, { recursive: true }));

for (const [text, group] of [
  ['root', 0],
  ['lb', 1234],
  ['lb-read', 1235],
  ['77', 77],
] as const) {
  test(`group '${text}' is number ${group}`, () =>
    assert.equal(groupNumber('--admin-group', text, file), group));
}

for (const text of ['l', 'lb:x', 'ann', 'bad', '', '4294967295']) {
  test(`group '${text}' is refused in one sentence that names it`, () => {
    assert.throws(() => groupNumber('--admin-group', text, file), {
      code: 'EINVAL',
      message: `There is no group '${text}' for --admin-group`,
    });
  });
}

for (const text of ['nogroup', '65534']) {
  test(`group '${text}' is refused: it is everybody's who is not known`, () => {
    assert.throws(() => groupNumber('--read-group', text, file), {
      code: 'EINVAL',
      message: /'(nogroup|65534)'/,
    });
  });
}

for (const [words, message] of [
  [['--read-group', '5'], "--read-group '5' needs --read-socket"],
  [['--socket', '/run/a', '--read-socket', '/run/./a'], "--read-socket '/run/./a' is that of --socket"],
  [['--read-socket', ''], "Expected a path for --read-socket but received ''"],
] as const) {
  test(`uipvsd ${words.join(' ')} is refused`, () => {
    assert.throws(() => parseDaemonOptions(words, {}), { code: 'EINVAL', message });
  });
}
