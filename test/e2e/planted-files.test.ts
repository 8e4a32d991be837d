/**
 * Files that another user has put where uipvsd looks for its own: in a directory like /tmp, to which everybody may add.
 * The daemon ends with one sentence, at once, and nothing on the host is changed.
 */
import assert from 'node:assert/strict';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Lab } from '../lab/lab.js';
import { until } from '../lab/poll.js';
import { requirements } from '../lab/requirements.js';
import { hostState } from './support/host-state.js';

const DAEMON = fileURLToPath(new URL('../../src/bin/uipvsd.js', import.meta.url));
const USER = 54151;
const BELONGS = `belongs to user ${USER}`;
const SETTING = '/proc/sys/net/ipv4/ip_forward';

/** Of what a journal says besides; see src/host/journal.ts. */
const LINK = { mtuBytes: 1500, queueLength: 500, addressGeneration: '', isMulticast: true, isUp: false };

describe('uipvsd in a directory to which everybody may add', () => {
  let lab: Lab;
  let namespace = '';
  let directory = '';
  let victim = '';
  let stateBefore = '';

  before(async () => {
    const missing = requirements(['setpriv', 'mkfifo', 'python3']);
    if (missing !== null) throw new Error(missing);
    lab = await Lab.create({ realServers: 1 });
    namespace = (await lab.run('director', ['readlink', '/proc/self/ns/net'])).trim();
    // Cables take a moment to be there.
    await until('all links to be up', 10_000, async () => {
      stateBefore = await hostState(lab, 'director');
      return !stateBefore.includes(' linkdown');
    });
  });
  after(() => lab.close());
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'uipvs-planted-'));
    victim = join(directory, 'victim');
    writeFileSync(victim, 'as it was\n', { mode: 0o600 });
    chmodSync(directory, 0o1777);
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  /** Runs it as the other user, in the directory. */
  async function plant(script: string): Promise<void> {
    const user = ['setpriv', `--reuid=${USER}`, `--regid=${USER}`, '--clear-groups'];
    await lab.run('director', [...user, 'sh', '-ec', `cd ${directory}; ${script}`]);
  }

  /** A dead daemon's, which `uipvsd` would undo. */
  function journal(change: Readonly<Record<string, unknown>>): string {
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const owner = { pid: 1, startTicks: '1' };
    const nothing = { settings: [], link: LINK, marks: [], hasFilter: false };
    const whole = { version: 1, owner, bootId, namespace, device: 'uipvs0', table: 117, ...nothing };
    return JSON.stringify({ ...whole, ...change });
  }

  async function assertRefused(expected: RegExp, args: readonly string[] = []): Promise<void> {
    const own = ['--socket', join(directory, 'sock'), '--proc-dir', 'none', '--state-dir', 'none'];
    const argv = [process.execPath, DAEMON, ...own, ...args];
    const { status, stderr } = await lab.exec('director', argv, { timeoutMs: 10_000 });
    const sentences = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
    assert.equal(sentences.length, 1, stderr);
    assert.match(sentences[0] ?? '', expected);
    assert.equal(status, 1);
    assert.equal(readFileSync(victim, 'utf8'), 'as it was\n');
    assert.equal(await hostState(lab, 'director'), stateBefore);
  }

  /** Would be written to what it names if the journal were believed. */
  const settings = () => [{ path: SETTING, before: '1', after: '0', overwritten: [] }];

  test('does nothing that the journal of another user says', async () => {
    await plant(`echo '${journal({ settings: settings() })}' >sock.host`);
    await assertRefused(
      new RegExp(`^uipvsd: The journal ${directory}/sock\\.host is not used, for it ${BELONGS}`),
    );
  });

  test('does not clean up by the journal of another user either', async () => {
    await plant(`echo '${journal({ settings: settings() })}' >sock.host`);
    await assertRefused(new RegExp(BELONGS), ['--cleanup']);
  });

  for (const { what, script, expected } of [
    { what: 'that is a link', script: 'ln -s victim sock.host', expected: 'is a symbolic link' },
    { what: 'that is a pipe', script: 'mkfifo sock.host', expected: BELONGS },
  ]) {
    test(`does not read a journal ${what}`, async () => {
      await plant(script);
      await assertRefused(new RegExp(`^uipvsd: The journal .* ${expected}`));
    });
  }

  for (const { what, change } of [
    { what: 'writable by others', change: () => chmodSync(join(directory, 'sock.host'), 0o666) },
    {
      what: 'given to another user',
      change: () => chownSync(join(directory, 'sock.host'), USER, USER),
    },
  ]) {
    test(`does not read a journal that is ${what}`, async () => {
      writeFileSync(join(directory, 'sock.host'), journal({ settings: settings() }), { mode: 0o600 });
      change();
      await assertRefused(/^uipvsd: The journal .* (is writable by others|belongs to user)/);
    });
  }

  for (const { what, change } of [
    {
      what: 'a file that is no setting',
      change: () => ({ settings: [{ path: victim, before: 'x', after: 'as it was', overwritten: [] }] }),
    },
    {
      what: 'a way around to it',
      change: () => {
        const path = `/proc/sys/net/ipv4/../../../..${victim}`;
        return { settings: [{ path, before: '1', after: '2', overwritten: [] }] };
      },
    },
    {
      what: 'such a one that was overwritten',
      change: () => {
        const overwritten = [{ path: victim, before: '1' }];
        return { settings: [{ path: SETTING, before: '1', after: '0', overwritten }] };
      },
    },
    { what: 'another command for ip', change: () => ({ device: 'a\nlink set eth0 down' }) },
  ]) {
    test(`does not follow a journal of its own that names ${what}`, async () => {
      writeFileSync(join(directory, 'sock.host'), journal(change()), { mode: 0o600 });
      await assertRefused(/^uipvsd: The journal .* is not one of this version of uipvs: expected /);
    });
  }

  test('does not wait for the lock of another user, or for one that he breaks', async () => {
    await plant(`echo '{"pid":1,"startTicks":"0"}' >host.lock`);
    await assertRefused(new RegExp(`^uipvsd: The lock .* ${BELONGS}`));
    rmSync(join(directory, 'host.lock'));
    writeFileSync(join(directory, 'host.lock'), '{"pid":1,"startTicks":"1"}', { mode: 0o600 });
    await plant('mkdir host.lock.break');
    await assertRefused(new RegExp(`^uipvsd: The directory .*/host\\.lock\\.break .* ${BELONGS}`));
  });

  test('does not write through a link with the name of a draft', async () => {
    await plant('ln -s victim sock.host.new');
    const scene = await lab.startUipvs('director', {
      socketPath: join(directory, 'sock'),
      args: ['--proc-dir', 'none', '--state-dir', 'none'],
    });
    await scene.stop();
    assert.equal(readFileSync(victim, 'utf8'), 'as it was\n');
    assert.equal(await hostState(lab, 'director'), stateBefore);
  });

  test('does not claim a directory for files of /proc through a link, nor in a directory of another user', async () => {
    const claim = join(directory, 'proc');
    mkdirSync(claim);
    chmodSync(claim, 0o1777);
    await plant('ln -s ../victim proc/.uipvsd');
    await assertRefused(/^uipvsd: The claim .* is a symbolic link/, ['--proc-dir', claim]);
    await plant('mkdir theirs && mkdir -m 777 theirs/open');
    const theirs = join(directory, 'theirs');
    await assertRefused(
      new RegExp(`^uipvsd: directory ${theirs}/net is not safe from other users, since ${theirs} belongs to`),
      ['--proc-dir', theirs],
    );
  });

  test('makes no state directory in one of another user, or below his link', async () => {
    await plant(`mkdir theirs && ln -s ${directory} way`);
    for (const place of ['theirs', 'way']) {
      const path = join(directory, place);
      await assertRefused(
        new RegExp(
          `^uipvsd: directory ${path} is not safe from other users, since it belongs to another user`,
        ),
        ['--state-dir', join(path, 'state')],
      );
    }
  });

  test('makes no socket in a directory of another user, or in one that he can exchange', async () => {
    await plant('mkdir theirs');
    mkdirSync(join(directory, 'theirs', 'ours'));
    for (const place of ['theirs', 'theirs/ours', 'theirs/ours/further']) {
      await assertRefused(
        /^uipvsd: directory .* is not safe from other users, since .* belongs to another user/,
        ['--socket', join(directory, place, 'sock')],
      );
    }
  });

  test('takes no file away for its socket, and no socket of another user for its own', async () => {
    writeFileSync(join(directory, 'sock'), 'mine');
    await assertRefused(/^uipvsd: socket .* cannot be made: something else has this name/);
    assert.equal(readFileSync(join(directory, 'sock'), 'utf8'), 'mine');
    rmSync(join(directory, 'sock'));
    await plant(`python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("sock")'`);
    await assertRefused(new RegExp(`^uipvsd: The socket .* ${BELONGS}`));
  });

  test('works where nobody has put anything', async () => {
    const uipvs = await lab.startUipvs('director', {
      socketPath: join(directory, 'sock'),
      args: ['--state-dir', join(directory, 'state')],
    });
    await uipvs.kill9();
    const next = await lab.startUipvs('director', {
      socketPath: join(directory, 'sock'),
      args: ['--state-dir', join(directory, 'state')],
    });
    await next.stop();
    assert.equal(await hostState(lab, 'director'), stateBefore);
  });
});
