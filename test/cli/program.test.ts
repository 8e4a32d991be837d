/** The program as a process. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { helpText, ownHelpText, versionText } from '../../src/cli/help.js';
import { CannedDaemon, ok } from './canned-daemon.js';
import { runMain } from './run-main.js';

const PROGRAM = fileURLToPath(new URL('../../src/bin/uipvsadm.js', import.meta.url));

function run(program: string, words: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  return new Promise<{ exitCode: number | null; out: string; err: string }>((resolve) => {
    const child = spawn(process.execPath, [program, ...words], {
      env: { ...process.env, UIPVS_SOCKET: '/nonexistent/sock', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      err += text;
    });
    child.on('close', (exitCode) => resolve({ exitCode, out, err }));
  });
}

describe('uipvsadm as a program', () => {
  it('prints its version and help without a daemon, on the short way as on the long', async () => {
    for (const [short, long, text] of [
      [['-v'], ['-v', 'x'], versionText('uipvsadm')],
      [['--help'], ['--help', 'x'], helpText('uipvsadm')],
    ] as const) {
      const expected = { exitCode: 0, out: text, err: '' };
      assert.deepEqual(await run(PROGRAM, short), expected);
      assert.deepEqual(await run(PROGRAM, long), expected);
      assert.deepEqual(await runMain(short, { program: 'uipvsadm' }), expected);
    }
  });
  it("tells our own options apart from ipvsadm's help", async () => {
    const { exitCode, out, err } = await run(PROGRAM, ['--uipvs-help']);
    assert.deepEqual([exitCode, out, err], [0, ownHelpText('uipvsadm'), '']);
    for (const option of [
      '--socket',
      '--atomic',
      '--masquerade ',
      '--client-address',
      '--drops',
      '--sysctl',
      '--uipvs-help',
    ]) {
      assert.ok(out.includes(option), option);
      assert.ok(!helpText('uipvsadm').includes(option), option);
    }
  });
  it('calls itself by the name it was started as', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'uipvs-bin-'));
    try {
      symlinkSync(PROGRAM, join(directory, 'ipvsadm'));
      const { exitCode, err } = await run(join(directory, 'ipvsadm'), ['-X']);
      const text = "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n";
      assert.deepEqual([exitCode, err], [255, text]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
  it('ends with 2 and two lines where the daemon is not there', async () => {
    const err =
      "Can't initialize ipvs: There is no socket '/nonexistent/sock'\nAre you sure that uipvsd is running?\n";
    assert.deepEqual(await run(PROGRAM, ['-Ln']), { exitCode: 2, out: '', err });
  });
  it('finds the socket by UIPVS_SOCKET, and --socket goes before that wherever it stands', async () => {
    const daemon = await CannedDaemon.start(() => ok());
    try {
      const { socketPath } = daemon;
      const nothing = { exitCode: 0, out: '', err: '' };
      assert.deepEqual(await run(PROGRAM, ['-C'], { UIPVS_SOCKET: socketPath }), nothing);
      assert.deepEqual(await run(PROGRAM, ['--socket', socketPath, '-C']), nothing);
      assert.deepEqual(await run(PROGRAM, ['-D', '-f', '1', `--socket=${socketPath}`]), nothing);
      assert.equal(daemon.requests.length, 3);
    } finally {
      await daemon.stop();
    }
  });
  it('reads -R from its standard input', async () => {
    const daemon = await CannedDaemon.start(() => ok());
    try {
      const child = spawn(process.execPath, [PROGRAM, '-R', '--socket', daemon.socketPath]);
      child.stdin.end('-C\n-Z\n');
      const exitCode = await new Promise((resolve) => child.on('close', resolve));
      assert.equal(exitCode, 0);
      assert.deepEqual(daemon.requests, [{ op: 'flush' }, { op: 'zero' }]);
    } finally {
      await daemon.stop();
    }
  });
  it('ends without a word when nobody reads its output any more', async () => {
    const row = {
      protocol: 'TCP',
      state: 'NONE',
      expiresSeconds: 1,
      clientAddress: '10.0.0.1',
      clientPort: 1,
      virtualAddress: '10.0.0.2',
      virtualPort: 2,
      realAddress: '10.0.0.3',
      realPort: 3,
    };
    const part = { part: new Array(2000).fill(row) };
    const daemon = await CannedDaemon.start(() => [...new Array(50).fill(part), ...ok()]);
    try {
      const script = '"$0" "$1" -Lnc --socket "$2" | head -n 1; echo $PIPESTATUS';
      const words = ['-c', script, process.execPath, PROGRAM, daemon.socketPath];
      const child = spawn('bash', words, { stdio: ['ignore', 'pipe', 'pipe'] });
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      child.stderr.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      await new Promise((resolve) => child.on('close', resolve));
      assert.equal(text, 'IPVS connection entries\n141\n');
    } finally {
      await daemon.stop();
    }
  });
  it('prints no stack trace when its output is full', () => {
    const words = ['-c', '"$0" "$1" -h > /dev/full', process.execPath, PROGRAM];
    const { status, stderr } = spawnSync('bash', words, { encoding: 'utf8' });
    assert.deepEqual([status, stderr], [1, '']);
  });
});
