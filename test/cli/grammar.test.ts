import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RECORDED_OTHER_FORWARDING } from './recorded-additions.js';
import { RECORDED_REFUSALS, RECORDED_REFUSALS_OF_ODD_WORDS } from './recorded-refusals.js';
import { runMain } from './run-main.js';

describe('a wrong command line is refused in the words of ipvsadm, before the daemon is asked', () => {
  const table = [
    ...RECORDED_REFUSALS.map(([words, ...rest]) => [words.split(' '), ...rest] as const),
    ...RECORDED_REFUSALS_OF_ODD_WORDS,
  ];
  for (const [words, exitCode, stderr] of table) {
    it(JSON.stringify(words.join(' ')), async () => {
      assert.deepEqual(await runMain(words), { exitCode, out: '', err: `${stderr}\n` });
    });
  }
});

describe('another forwarding method than masquerading is refused with what to write', () => {
  for (const words of RECORDED_OTHER_FORWARDING) {
    it(words, async () => {
      const written = / (-[gi]|--gatewaying|--ipip)( |$)/.exec(words)?.[1]?.replace('--', '-').slice(0, 2);
      const remedy = written === undefined ? 'add -m to' : `write -m instead of ${written} in`;
      const err = `uipvs forwards by masquerading only: ${remedy} '${words}'\n`;
      assert.deepEqual(await runMain(words.split(' ')), { exitCode: 255, out: '', err });
    });
  }
});

describe('what ipvsadm takes and uipvs cannot do is refused with one sentence', () => {
  const mask = (hex: string) =>
    `uipvs groups persistent clients by network only: -M takes a mask like 255.255.255.0, not 0x${hex}\n`;
  const table: readonly (readonly [words: string, err: string])[] = [
    ['-A -t 10.9.0.1:80 -p -M 24', mask('00000018')],
    ['-A -t 10.9.0.1:80 -p -M 255.0.255.0', mask('ff00ff00')],
    ['-A -p -M 64 -t 10.9.0.1:80', mask('00000040')],
    [
      '--start-daemon master --mcast-interface eth0 --syncid 5 --sync-maxlen 1000 --mcast-group 224.0.0.99',
      'uipvs has no connection synchronisation: --start-daemon master is not supported\n',
    ],
    ['--stop-daemon backup --syncid 1', 'No daemon is running\n'],
  ];
  for (const [words, err] of table) {
    it(words, async () => {
      assert.deepEqual(await runMain(words.split(' ')), { exitCode: 255, out: '', err });
    });
  }
});
