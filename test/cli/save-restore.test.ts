/** The programs uipvsadm-save and uipvsadm-restore. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CannedDaemon } from './canned-daemon.js';
import { runMain } from './run-main.js';
import { Table } from './table-answerer.js';

const SAVE = fileURLToPath(new URL('../../src/bin/uipvsadm-save.js', import.meta.url));
const RESTORE = fileURLToPath(new URL('../../src/bin/uipvsadm-restore.js', import.meta.url));

interface Ended {
  readonly exitCode: number | null;
  readonly out: string;
  readonly err: string;
}

function run(program: string, words: readonly string[], socketPath: string, input = ''): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...words], {
      env: { ...process.env, UIPVS_SOCKET: socketPath },
    });
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      err += text;
    });
    // A program that tells its help does not read.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
    child.on('close', (exitCode) => resolve({ exitCode, out, err }));
  });
}

const TABLE = '-A -t 127.0.0.1:80 -s rr\n-a -t 127.0.0.1:80 -r 127.0.0.1:8 -m -w 1 -x 5\n';
let daemon: CannedDaemon;
let directory: string;

async function fill(input: string): Promise<void> {
  await runMain(['-C'], { socketPath: daemon.socketPath });
  const { exitCode } = await runMain(['-R'], { socketPath: daemon.socketPath, input });
  assert.equal(exitCode, 0);
}

before(async () => {
  daemon = await CannedDaemon.start(new Table().answer);
  directory = mkdtempSync(join(tmpdir(), 'uipvs-bin-'));
  symlinkSync(SAVE, join(directory, 'ipvsadm-save'));
  symlinkSync(RESTORE, join(directory, 'ipvsadm-restore'));
});
after(async () => {
  await daemon.stop();
  rmSync(directory, { recursive: true });
});

describe('uipvsadm-save', () => {
  it('prints numbers with -n, wherever that stands, and overlooks words without a dash', async () => {
    await fill(TABLE);
    for (const words of [['-n'], ['x', '-n'], ['-n', '', '-n']]) {
      assert.deepEqual(await run(SAVE, words, daemon.socketPath), { exitCode: 0, out: TABLE, err: '' });
    }
  });
  it('prints what -S prints without -n', async () => {
    await fill(TABLE);
    const { exitCode, out } = await run(SAVE, ['x'], daemon.socketPath);
    assert.equal(exitCode, 0);
    assert.doesNotMatch(out, /127\.0\.0\.1:80/);
  });
  it('tells its help on stderr and ends with 1 at any other option', async () => {
    for (const words of [['-h'], ['--help'], ['-nn'], ['-n', '-x'], ['-', '-n'], ['--', '-n']]) {
      const { exitCode, out, err } = await run(SAVE, words, '/nonexistent');
      assert.deepEqual([exitCode, out], [1, '']);
      assert.match(err, /^uipvsadm-save \[-n\]: .* as uipvsadm reads it\n/);
    }
  });
  it('ends as -S ends where there is no daemon', async () => {
    const { exitCode, err } = await run(SAVE, [], '/nonexistent');
    assert.deepEqual([exitCode, err.split(':')[0]], [2, "Can't initialize ipvs"]);
  });
});

/** Source: ipvsadm-restore of Debian's ipvsadm 1.31 on a Linux kernel with IPVS, from a table of two services. */
const RESTORES: readonly (readonly [input: string, exitCode: number, err: string, saved: string])[] = [
  ['', 0, '', ''],
  ['# only\n', 0, '', ''],
  ['-A -t 10.9.0.5:80 -s rr\n', 0, '', '-A -t 10.9.0.5:80 -s rr\n'],
  [
    '#c\n-A -t 10.9.0.5:80 -s rr\n\n\n#d\n-a -t 10.9.0.5:80 -r 10.1.0.1:80 -m',
    0,
    '',
    '-A -t 10.9.0.5:80 -s rr\n-a -t 10.9.0.5:80 -r 10.1.0.1:80 -m -w 1\n',
  ],
  [
    '-A -t 10.9.0.5:80 -s nosuch\n-A -t 10.9.0.6:80\n',
    0,
    'Scheduler or persistence engine not found\n',
    '-A -t 10.9.0.6:80 -s wlc\n',
  ],
  ['-A -t 10.9.0.5:80 -s rr\n-D -f 1\n', 255, 'No such service\n', '-A -t 10.9.0.5:80 -s rr\n'],
  ['-A bad\n-A -t 10.9.0.6:80\n', 2, 'unexpected argument bad\n', ''],
  ['x\n', 255, "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n", ''],
];

describe('uipvsadm-restore under the name ipvsadm-restore', () => {
  for (const [input, exitCode, err, saved] of RESTORES) {
    it(`replaces the table by ${JSON.stringify(input)}, whatever its words`, async () => {
      for (const words of [[], ['-n', 'foo']]) {
        await fill(TABLE);
        const result = await run(join(directory, 'ipvsadm-restore'), words, daemon.socketPath, input);
        assert.deepEqual(result, { exitCode, out: '', err });
        assert.equal((await runMain(['-Sn'], { socketPath: daemon.socketPath })).out, saved);
      }
    });
  }
  it('takes what ipvsadm-save prints', async () => {
    await fill(TABLE);
    const { out } = await run(join(directory, 'ipvsadm-save'), ['-n'], daemon.socketPath);
    await fill('-A -f 9\n');
    await run(join(directory, 'ipvsadm-restore'), [], daemon.socketPath, out);
    assert.equal((await runMain(['-Sn'], { socketPath: daemon.socketPath })).out, TABLE);
  });
  it('tells its help and leaves the table alone', async () => {
    await fill(TABLE);
    for (const word of ['-h', '--help']) {
      const { exitCode, out, err } = await run(
        join(directory, 'ipvsadm-restore'),
        [word],
        daemon.socketPath,
        '',
      );
      assert.deepEqual([exitCode, out], [1, '']);
      assert.match(err, /^ipvsadm-restore: clear the table/);
    }
    assert.equal((await runMain(['-Sn'], { socketPath: daemon.socketPath })).out, TABLE);
  });
});
