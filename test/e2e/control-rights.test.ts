/** Who may ask uipvsd for what: users of this host, its two sockets and their groups. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { ExecResult } from '../lab/exec.js';
import { Scene } from './support/scene.js';

const DAEMON = fileURLToPath(new URL('../../src/bin/uipvsd.js', import.meta.url));
const CLI = fileURLToPath(new URL('../../src/bin/uipvsadm.js', import.meta.url));
const ADMIN_GROUP = 54101;
const READ_GROUP = 54102;

interface User {
  readonly uid: number;
  readonly gid: number;
  readonly groups?: readonly number[];
}

/** What is looked at of a line of the log. */
interface ChangeLine {
  readonly op: string;
  readonly by: { readonly uid: number; readonly pid: number };
}

const ROOT: User = { uid: 0, gid: 0 };
const ADMIN: User = { uid: 54111, gid: 54111, groups: [54120, ADMIN_GROUP] };
const FIRST_ADMIN: User = { uid: 54112, gid: ADMIN_GROUP };
const READER: User = { uid: 54113, gid: 54113, groups: [READ_GROUP] };
const STRANGER: User = { uid: 54114, gid: 54114, groups: [54120] };
/** In group 0 but not user 0. */
const OTHER: User = { uid: 54115, gid: 0 };

const NOT_ROOT = { status: 255, stdout: '', stderr: 'Permission denied (you must be root)\n' };

/** One of each kind of uipvsadm's commands that change something, and lines for its standard input. */
const CHANGES: readonly (readonly [words: string, input?: string])[] = [
  ['-A -t 10.9.0.9:80'],
  ['-E -t 10.9.0.1:80 -s wlc'],
  ['-D -t 10.9.0.1:80'],
  ['-C'],
  ['-a -t 10.9.0.1:80 -r 10.1.0.12:80 -m'],
  ['-e -t 10.9.0.1:80 -r 10.1.0.11:80 -m -w 7'],
  ['-d -t 10.9.0.1:80 -r 10.1.0.11:80'],
  ['-Z'],
  ['--set 10 10 10'],
  ['--sysctl expire_nodest_conn=1'],
  ['-R', '-D -t 10.9.0.1:80\n'],
];

describe('users of the host', () => {
  let scene: Scene;
  let directory = '';
  let adminPath = '';
  let readPath = '';

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'uipvs-rights-'));
    // The lab's own directory is closed to other users.
    chmodSync(directory, 0o755);
    adminPath = join(directory, 'admin.sock');
    readPath = join(directory, 'read.sock');
    const args = [
      '--admin-group',
      `${ADMIN_GROUP}`,
      '--read-socket',
      readPath,
      '--read-group',
      `${READ_GROUP}`,
    ];
    scene = await Scene.open({
      realServers: 1,
      serverPorts: null,
      uipvs: { socketPath: adminPath, args: [...args, '--proc-dir', 'none', '--log-level', 'debug'] },
    });
    await scene.adm('-A', '-t', '10.9.0.1:80', '-s', 'rr');
    await scene.adm('-a', '-t', '10.9.0.1:80', '-r', '10.1.0.11:80', '-m');
  });
  after(() => {
    scene.close();
    rmSync(directory, { recursive: true });
  });

  /** May read every file, so that it finds the programs wherever they are; to connect to a socket is to write to it. */
  function as({ uid, gid, groups }: User): readonly string[] {
    const others = groups === undefined ? '--clear-groups' : `--groups=${groups.join()}`;
    const reading = ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
    const own = uid === 0 ? [] : reading;
    return ['setpriv', `--reuid=${uid}`, `--regid=${gid}`, others, ...own];
  }

  async function adm(
    user: User,
    socketPath: string,
    words: string,
    input = '',
  ): Promise<Omit<ExecResult, 'signal'>> {
    const argv = [...as(user), process.execPath, CLI, ...words.split(' ')];
    const options = { env: { UIPVS_SOCKET: socketPath }, input };
    const { status, stdout, stderr } = await scene.lab.exec('director', argv, options);
    return { status, stdout, stderr };
  }

  /** All that a refused change could have changed. */
  async function state(): Promise<string> {
    const parts = ['-Sn', '-L --timeout', '--sysctl'].map((words) => scene.adm(...words.split(' ')));
    return (await Promise.all(parts)).join('');
  }

  async function canChange(user: User): Promise<void> {
    assert.deepEqual(await adm(user, adminPath, '-A -t 10.9.0.2:80 -s rr'), {
      status: 0,
      stdout: '',
      stderr: '',
    });
    assert.match(await scene.adm('-Sn'), /-A -t 10\.9\.0\.2:80/);
    assert.deepEqual(await adm(user, adminPath, '-D -t 10.9.0.2:80'), { status: 0, stdout: '', stderr: '' });
  }

  /** What a user hears who connects and says nothing, until he is hung up on. */
  async function heard(user: User, socketPath: string): Promise<string> {
    const source = 'require("net").connect(process.argv[1]).pipe(process.stdout)';
    const argv = [...as(user), process.execPath, '-e', source, socketPath];
    const { stdout } = await scene.lab.exec('director', argv, { timeoutMs: 5000 });
    return stdout;
  }

  test('find two sockets, each for its owner and its group', () => {
    for (const [path, group] of [
      [adminPath, ADMIN_GROUP],
      [readPath, READ_GROUP],
    ] as const) {
      const { mode, uid, gid } = statSync(path);
      assert.deepEqual([mode & 0o7777, uid, gid], [0o660, 0, group], path);
    }
  });

  test('who are root may change everything', () => canChange(ROOT));
  test('who are in the admin group may change everything', () => canChange(ADMIN));
  test('whose first group is the admin group may change everything', () => canChange(FIRST_ADMIN));

  test('who change something are in the log, by user and process', async () => {
    await adm(ADMIN, adminPath, '-A -t 10.9.0.3:80');
    await adm(ADMIN, adminPath, '-D -t 10.9.0.3:80');
    const lines = scene.uipvs.log.split('\n').filter((line) => line.includes('"change asked for"'));
    const [added, deleted] = lines.slice(-2).map((line) => JSON.parse(line) as ChangeLine);
    for (const [line, op] of [
      [added, 'add-service'],
      [deleted, 'delete-service'],
    ] as const) {
      assert.ok(line);
      const { uid, pid } = line.by;
      assert.equal(line.op, op);
      assert.equal(uid, ADMIN.uid);
      assert.ok(pid > 1 && pid !== scene.uipvs.pid);
      assert.doesNotMatch(JSON.stringify(line), /10\.9\.0/);
    }
  });

  for (const words of ['-Ln', '-Lnc', '-L --timeout', '-Sn', '--sysctl', '--drops', '-Ln --stats']) {
    test(`who are in the read group see ${words} as root does`, async () => {
      const expected = await scene.adm(...words.split(' '));
      const { status, stdout, stderr } = await adm(READER, readPath, words);
      assert.deepEqual([status, stderr], [0, '']);
      // Packets are counted while one looks.
      assert.equal(stdout.replace(/\d+/g, 'N'), expected.replace(/\d+/g, 'N'));
    });
  }

  for (const [words, input] of CHANGES) {
    test(`who are in the read group are refused ${words}, and so is root on their socket`, async () => {
      const expected = await state();
      for (const user of [READER, ROOT]) assert.deepEqual(await adm(user, readPath, words, input), NOT_ROOT);
      assert.equal(await state(), expected);
    });
  }

  test('who are in the read group cannot open the socket for changes, nor others any', async () => {
    for (const [user, path] of [
      [READER, adminPath],
      [STRANGER, adminPath],
      [STRANGER, readPath],
      [OTHER, adminPath],
      [ADMIN, readPath],
    ] as const) {
      const { status, stderr } = await adm(user, path, '-Ln');
      assert.equal(status, 2);
      assert.match(stderr, /^Can't initialize ipvs: Permission denied \(you must be root\)\n/);
    }
  });

  test('who are strangers are refused though the sockets are open to everybody', async () => {
    const expected = await state();
    for (const path of [adminPath, readPath]) chmodSync(path, 0o666);
    try {
      for (const user of [STRANGER, OTHER, READER]) {
        for (const [words, input] of CHANGES)
          assert.deepEqual(await adm(user, adminPath, words, input), NOT_ROOT);
      }
      assert.deepEqual(await adm(STRANGER, readPath, '-Ln'), { ...NOT_ROOT, status: 1 });
      for (const path of [adminPath, readPath]) {
        const message = `No permission to use the socket '${path}'`;
        assert.equal(
          await heard(STRANGER, path),
          `${JSON.stringify({ ok: false, errno: 'EPERM', message })}\n`,
        );
      }
      // The groups are still served.
      assert.equal((await adm(READER, readPath, '-Ln')).status, 0);
      await canChange(ADMIN);
    } finally {
      for (const path of [adminPath, readPath]) chmodSync(path, 0o660);
    }
    assert.equal(await state(), expected);
    const warnings = scene.uipvs.log.split('\n').filter((line) => line.includes('refused a client'));
    const times = warnings.map((line) => Date.parse((JSON.parse(line) as { time: string }).time));
    assert.ok(
      warnings.some((line) => line.includes(`"uid":${STRANGER.uid}`)),
      warnings.join('\n'),
    );
    // Times of the log are rounded.
    for (const [index, time] of times.entries())
      assert.ok(time - (times[index - 1] ?? 0) >= 990, warnings.join('\n'));
  });

  test('cannot be given a socket of a group that there is not', async () => {
    const own = ['--socket', join(directory, 'other.sock'), '--device', 'other0', '--table', '118'];
    const argv = [process.execPath, DAEMON, ...own, '--admin-group', 'no-such-group'];
    const { status, stderr } = await scene.lab.exec('director', argv, { timeoutMs: 10_000 });
    assert.deepEqual([status, stderr], [2, "uipvsd: There is no group 'no-such-group' for --admin-group\n"]);
    assert.ok(!existsSync(join(directory, 'other.sock')));
  });

  test('find no socket when the daemon has ended', async () => {
    assert.ok(existsSync(adminPath) && existsSync(readPath));
    await scene.uipvs.stop();
    assert.deepEqual([existsSync(adminPath), existsSync(readPath)], [false, false]);
  });
});
