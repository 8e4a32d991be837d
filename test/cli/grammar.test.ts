import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { RECORDED_REFUSALS, RECORDED_REFUSALS_OF_ODD_WORDS } from './recorded-refusals.js';
import { RECORDED_REFUSALS_OF_SERVERS } from './recorded-refusals-of-servers.js';
import { RECORDED_REFUSALS_OF_SERVICES } from './recorded-refusals-of-services.js';
import { runMain } from './run-main.js';

describe('a wrong command line is refused in the words of ipvsadm, before the daemon is asked', () => {
  const recorded = [...RECORDED_REFUSALS, ...RECORDED_REFUSALS_OF_SERVICES, ...RECORDED_REFUSALS_OF_SERVERS];
  const table = [
    ...recorded.map(([words, ...rest]) => [words.split(' '), ...rest] as const),
    ...RECORDED_REFUSALS_OF_ODD_WORDS,
  ];
  for (const [words, exitCode, stderr] of table) {
    it(JSON.stringify(words.join(' ')), async () => {
      assert.deepEqual(await runMain(words), { exitCode, out: '', err: `${stderr}\n` });
    });
  }
});

describe('what ipvsadm takes and uipvs cannot do is refused with one sentence', () => {
  const table: readonly (readonly [words: string, err: string])[] = [
    [
      '--start-daemon master --mcast-interface eth0 --syncid 5 --sync-maxlen 1000 --mcast-group 224.0.0.99',
      'uipvs has no connection synchronisation: --start-daemon master is not supported\n',
    ],
    [
      '--start-daemon=backup',
      'uipvs has no connection synchronisation: --start-daemon backup is not supported\n',
    ],
  ];
  for (const [words, err] of table) {
    it(words, async () => {
      assert.deepEqual(await runMain(words.split(' ')), { exitCode: 255, out: '', err });
    });
  }
});
