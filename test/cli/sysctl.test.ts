import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Request } from '../../src/control/protocol.js';
import { CannedDaemon } from './canned-daemon.js';
import { type Result, runMain } from './run-main.js';
import { Table } from './table-answerer.js';

async function run(...words: string[]): Promise<Result & { readonly requests: readonly Request[] }> {
  const daemon = await CannedDaemon.start(new Table().answer);
  try {
    return { ...(await runMain(words, { socketPath: daemon.socketPath })), requests: daemon.requests };
  } finally {
    await daemon.stop();
  }
}

describe('--sysctl prints as sysctl(8) does', () => {
  const one = 'net.ipv4.vs.conn_reuse_mode = 1\n';
  const changed = 'net.ipv4.vs.conn_reuse_mode = 0\n';
  const table: readonly (readonly [words: readonly string[], out: string])[] = [
    [['--sysctl'], `${one}net.ipv4.vs.sync_threshold = 3\t50\n`],
    [['--sysctl', 'conn_reuse_mode'], one],
    [['--sysctl=conn_reuse_mode'], one],
    [['--sysctl', 'net.ipv4.vs.conn_reuse_mode'], one],
    [['--sysctl', 'net/ipv4/vs/conn_reuse_mode'], one],
    [['--sysctl', 'conn_reuse_mode=0'], changed],
    [['--sysctl', 'net.ipv4.vs.conn_reuse_mode=0'], changed],
    [['--sysctl', 'conn_reuse_mode = 0'], changed],
    [['--sysctl=conn_reuse_mode=0'], changed],
    [['--sysctl', 'sync_threshold=3 50'], 'net.ipv4.vs.sync_threshold = 3 50\n'],
  ];
  for (const [words, out] of table) {
    it(words.join(' '), async () => {
      const { requests, ...result } = await run(...words);
      assert.deepEqual(result, { exitCode: 0, out, err: '' });
      assert.equal(requests.length, 1);
    });
  }
  it('tells the daemon the bare name and the value', async () => {
    const { requests } = await run('--sysctl', 'net.ipv4.vs.sync_threshold = 3 50');
    assert.deepEqual(requests, [{ op: 'set-sysctl', name: 'sync_threshold', value: '3 50' }]);
  });
});

describe('--sysctl is refused', () => {
  const tryHelp = "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n";
  const table: readonly (readonly [words: readonly string[], exitCode: number, err: string])[] = [
    [['--sysctl', 'nosuch'], 255, 'There is no sysctl net.ipv4.vs.nosuch\n'],
    [['--sysctl', 'nosuch=1'], 255, 'There is no sysctl net.ipv4.vs.nosuch\n'],
    [['--sysctl', 'sync_threshold='], 255, "net.ipv4.vs.sync_threshold cannot be ''\n"],
    [['--sysctl', 'sync_threshold=odd'], 255, 'odd, says the daemon\n'],
    [['--sysctl', '=1'], 2, "Expected NAME or NAME=VALUE for --sysctl but received '=1'\n"],
    [['--sysctl='], 2, "Expected NAME or NAME=VALUE for --sysctl but received ''\n"],
    [
      ['--sysctl', 'net.ipv4.vs.'],
      2,
      "Expected NAME or NAME=VALUE for --sysctl but received 'net.ipv4.vs.'\n",
    ],
    [['--sysctl', 'a', 'b'], 2, 'unexpected argument b\n'],
    [['--sysctl', '-n'], 2, "Illegal 'numeric' option with the 'sysctl' command\n"],
    [['--sysctl', 'a', '--sysctl', 'b'], 2, "invalid option `b'\n"],
    [['-n', '--sysctl'], 255, tryHelp],
  ];
  for (const [words, exitCode, err] of table) {
    it(words.join(' '), async () => {
      const { requests, ...result } = await run(...words);
      assert.deepEqual(result, { exitCode, out: '', err });
      assert.ok(requests.length <= 1);
    });
  }
});
