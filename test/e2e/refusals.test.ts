import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ExecResult } from '../lab/exec.js';
import { until } from '../lab/poll.js';
import { VIP } from '../lab/topology.js';
import { hostState } from './support/host-state.js';
import type { Peer } from './support/peer.js';
import { endpoint, Scene } from './support/scene.js';

const DAEMON = fileURLToPath(new URL('../../src/bin/uipvsd.js', import.meta.url));
const NOBODY = 65534;
/** What two daemons do not share, wherever their sockets are. */
const APART = ['--proc-dir', 'none', '--state-dir', 'none'];

describe('uipvsd refuses in one line', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open();
    client = await scene.peer();
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
  });
  after(() => scene.close());

  const file = (name: string): string => path.join(scene.lab.directory, name);

  /** Runs a second uipvsd that is expected to end by itself, after the words of `prefix`. */
  async function secondDaemon(args: readonly string[], prefix: readonly string[] = []): Promise<ExecResult> {
    const argv = [...prefix, process.execPath, DAEMON, ...APART, ...args];
    const result = await scene.lab.exec('director', argv, { timeoutMs: 10_000 });
    assert.equal(result.stdout, '');
    return result;
  }

  /** Asserts a status and one single line on standard error that says what matters. */
  function assertOneLine(result: ExecResult, status: number, ...says: readonly (string | RegExp)[]): void {
    assert.equal(result.status, status, result.stderr);
    const refusal = result.stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
    assert.equal(refusal.length, 1, result.stderr);
    for (const word of says) {
      const isSaid = typeof word === 'string' ? refusal[0]?.includes(word) : word.test(refusal[0] ?? '');
      assert.ok(isSaid, `"${refusal[0]}" does not say ${word}`);
    }
  }

  /** Runs `attempt`, and asserts that it left the host and the first daemon's service as they were. */
  async function withoutTrace(attempt: () => Promise<void>): Promise<void> {
    const stateBefore = await hostState(scene.lab, 'director');
    const connection = await client.connect(VIP.ipv4, 80);
    const name = await connection.whoAnswers();
    await attempt();
    assert.equal(await hostState(scene.lab, 'director'), stateBefore);
    assert.equal(await connection.whoAnswers(), name);
    assert.match(await client.whoAnswers(VIP.ipv4), /^rs[123]$/);
    await connection.close();
  }

  test('a socket path in use', () =>
    withoutTrace(async () => {
      const { socketPath } = scene.uipvs;
      assertOneLine(await secondDaemon(['--socket', socketPath, '--device', 'other0']), 1, socketPath);
    }));

  test('a device in use', () =>
    withoutTrace(async () => {
      assertOneLine(await secondDaemon(['--socket', file('second.sock'), '--table', '118']), 1, 'uipvs0');
    }));

  test('a routing table in use', () =>
    withoutTrace(async () => {
      assertOneLine(
        await secondDaemon(['--socket', file('second.sock'), '--device', 'other0']),
        1,
        /\b117\b/,
      );
    }));

  // Root without capabilities: another user could perhaps not even read the program.
  const powerless = ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs'];

  test('no permission to make a socket', () =>
    withoutTrace(async () => {
      mkdirSync(file('read-only'), { mode: 0o500 });
      const args = ['--socket', file('read-only/uipvsd.sock'), '--device', 'other0'];
      assertOneLine(await secondDaemon(args, powerless), 1, /permi|denied/i);
    }));

  test("a directory of another user's for the socket", () =>
    withoutTrace(async () => {
      mkdirSync(file('private'), { mode: 0o700 });
      chownSync(file('private'), NOBODY, NOBODY);
      const args = ['--socket', file('private/uipvsd.sock'), '--device', 'other0'];
      assertOneLine(await secondDaemon(args, powerless), 1, /private is not safe from other users/);
    }));

  test('no permission to make a device', () =>
    withoutTrace(async () => {
      const args = ['--socket', file('powerless.sock'), '--device', 'other0', '--table', '118'];
      assertOneLine(await secondDaemon(args, powerless), 1, /permi/i);
    }));

  test('a socket path whose directory is a file', () =>
    withoutTrace(async () => {
      writeFileSync(file('a-file'), '');
      assertOneLine(await secondDaemon(['--socket', file('a-file/uipvsd.sock')]), 1, 'a-file');
    }));

  test('a socket path too long for the kernel', () =>
    withoutTrace(async () => {
      const socketPath = file('x'.repeat(120));
      const args = ['--socket', socketPath, '--device', 'other0', '--table', '118'];
      assertOneLine(await secondDaemon(args), 1, socketPath);
    }));

  for (const { args, says } of [
    { args: ['--no-such-option'], says: ['--no-such-option'] },
    { args: ['word'], says: ['word'] },
    { args: ['--socket'], says: ['--socket'] },
    { args: ['--socket', ''], says: ['--socket'] },
    { args: ['--io', 'carrier-pigeon'], says: ['--io', 'carrier-pigeon'] },
    { args: ['--connections', '0'], says: ['--connections', '0'] },
    { args: ['--connections', 'many'], says: ['--connections', 'many'] },
    { args: ['--connections', '99999999999'], says: ['--connections', '99999999999'] },
    { args: ['--table', '254'], says: ['--table', '254'] },
    { args: ['--table', '-1'], says: ['--table'] },
    { args: ['--device', 'much-too-long-name'], says: ['--device', 'much-too-long-name'] },
    { args: ['--device', 'a/b'], says: ['--device', 'a/b'] },
    { args: ['--log-level', 'loud'], says: ['--log-level', 'loud'] },
  ]) {
    test(`the options ${args.map((arg) => `'${arg}'`).join(' ')}, with status 2`, async () => {
      assertOneLine(await secondDaemon(args), 2, ...says);
    });
  }

  test('a service that another uipvsd has, and leaves that one alone', async () => {
    const second = await scene.lab.startUipvs('director', {
      socketPath: file('second.sock'),
      args: ['--device', 'other0', '--table', '118', ...APART],
    });
    const restore = await second.adm('-A', '-t', '10.9.9.9:80', '-s', 'rr');
    assert.deepEqual([restore.status, restore.stderr], [0, '']);
    await withoutTrace(async () => {
      const { status, stdout, stderr } = await second.adm('-A', '-t', endpoint(VIP.ipv4, 80), '-s', 'rr');
      assert.equal(status, 255);
      assert.equal(stdout, '');
      assert.match(stderr, /^[^\n]*10\.9\.0\.1[^\n]*\n$/);
      assert.equal((await second.adm('-S', '-n')).stdout, '-A -t 10.9.9.9:80 -s rr\n');
    });
    await second.stop();
    assert.match(await client.whoAnswers(VIP.ipv4), /^rs[123]$/);
  });

  test('nothing where a dead daemon left its socket: that is replaced', async () => {
    const args = ['--device', 'other0', '--table', '118', ...APART];
    const first = await scene.lab.startUipvs('director', { socketPath: file('left.sock'), args });
    await first.kill9();
    chmodSync(file('left.sock'), 0o600);
    const second = await scene.lab.startUipvs('director', { socketPath: file('left.sock'), args });
    // It answers before its mode is set.
    await until(
      'the socket to be for its group',
      2000,
      () => (statSync(file('left.sock')).mode & 0o777) === 0o660,
    );
    await second.stop();
  });
});
