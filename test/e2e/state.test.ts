/** What a daemon leaves to its successor when it is killed, replaced or told to forget. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { until } from '../lab/poll.js';
import { VIP } from '../lab/topology.js';
import { assertUnharmed, RunningExchange } from './support/exchange.js';
import { hostState } from './support/host-state.js';
import type { Peer } from './support/peer.js';
import { RuleWatch } from './support/rule-watch.js';
import { Scene } from './support/scene.js';

const LOCAL_VIP = '10.9.0.5';
const LINES_A_RESTORE = 400;

describe('what a daemon leaves to its successor', () => {
  let scene: Scene;
  let client: Peer;
  let stateBefore = '';
  let stateDirectory = '';

  before(async () => {
    scene = await Scene.open();
    client = await scene.peer();
    stateDirectory = path.join(scene.lab.directory, 'state');
    await scene.uipvs.stop();
    await scene.lab.ip('director', [`address add ${LOCAL_VIP}/32 dev lo`]);
    stateBefore = await hostState(scene.lab, 'director');
  });
  beforeEach(() => scene.restartUipvs());
  afterEach(async () => {
    if (scene.uipvs.isRunning) await scene.uipvs.stop();
  });
  after(() => scene.close());

  async function killed(args: readonly string[] = []): Promise<void> {
    await scene.uipvs.kill9();
    await scene.restartUipvs({ args });
  }

  test('services, destinations, their order, timeouts and sysctls are there again after SIGKILL', async () => {
    await scene.uipvs.restore([
      '-A -t 10.9.0.1:80 -s wrr -p 300',
      '-a -t 10.9.0.1:80 -r 10.1.0.11:8080 -m -w 3 -x 100 -y 50',
      '-a -t 10.9.0.1:80 -r 10.1.0.12:8080 -m -w 0',
      '-a -t 10.9.0.1:80 -r 10.1.0.13:8080 -m',
      '-A -f 7 -s rr',
      '-a -f 7 -r 10.1.0.11 -m',
      '-A -u [fd09::1]:53 -s sh -b sh-port -o --masquerade all',
      '-a -u [fd09::1]:53 -r [fd01::11]:53 -m',
    ]);
    await scene.adm('-e', '-t', '10.9.0.1:80', '-r', '10.1.0.13:8080', '-m', '-w', '9');
    await scene.adm('-d', '-t', '10.9.0.1:80', '-r', '10.1.0.12:8080');
    await scene.adm('--set', '700', '70', '7');
    await scene.adm('--sysctl', 'expire_nodest_conn=1');
    const questions = [['-Sn'], ['-Ln', '--thresholds'], ['-L', '--timeout'], ['--sysctl']] as const;
    const ask = () => Promise.all(questions.map((words) => scene.adm(...words)));
    const before = await ask();
    await killed();
    assert.deepEqual(await ask(), before);
    await killed();
    assert.deepEqual(await ask(), before);
  });

  test('a persistent client stays with its server, and the counts are right', async () => {
    await scene.adm('-A', '-t', `${VIP.ipv4}:80`, '-s', 'rr', '-p', '300');
    for (const index of [1, 2, 3]) {
      await scene.adm('-a', '-t', `${VIP.ipv4}:80`, '-r', scene.destination(VIP.ipv4, index, 80), '-m');
    }
    const first = await client.whoAnswers(VIP.ipv4);
    await killed();
    for (let turn = 0; turn < 3; turn += 1) assert.equal(await client.whoAnswers(VIP.ipv4), first);
    const table = await scene.adm('-Ln', '--persistent-conn');
    assert.match(table, new RegExp(`10\\.1\\.0\\.1${first.slice(2)}:80 .* 1 +1`));
  });

  test('connections of a deleted destination, and those of one that comes back, are as in the kernel', async () => {
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7, servers: [1] });
    const connection = await client.connect(VIP.ipv4, 7);
    assert.equal(await connection.exchange('before'), 'before');
    const destination = scene.destination(VIP.ipv4, 1, 7);
    await scene.adm('-d', '-t', `${VIP.ipv4}:7`, '-r', destination);
    await killed();
    assert.equal((await scene.connections()).length, 1);
    await scene.adm('-a', '-t', `${VIP.ipv4}:7`, '-r', destination, '-m');
    assert.equal(await connection.exchange('after'), 'after');
    await connection.abort();
  });

  test('no rule, route or setting goes away for a moment, and SIGTERM leaves the host as it was', async () => {
    for (const vip of [VIP.ipv4, VIP.ipv6, LOCAL_VIP]) await scene.balance('tcp', vip, 80, { to: 80 });
    await scene.adm('-A', '-f', '7', '-s', 'rr');
    // A device that was without its daemon says UP instead of UNKNOWN afterwards.
    const stateNow = async () => (await hostState(scene.lab, 'director')).replaceAll(/ (UP|UNKNOWN) +/g, ' ');
    const present = await stateNow();
    const watches = await Promise.all(
      (['-4', '-6'] as const).map((family) => RuleWatch.start(scene.lab, family)),
    );
    await killed();
    const seen = await Promise.all(watches.map((watch) => watch.finish()));
    assert.deepEqual(
      seen.map(({ changes }) => changes),
      [0, 0],
    );
    assert.equal(await stateNow(), present);
    await scene.uipvs.stop();
    assert.equal(await hostState(scene.lab, 'director'), stateBefore);
    assert.equal(existsSync(stateDirectory), false);
  });

  test('SIGTERM forgets, SIGUSR2 leaves everything to the next start', async () => {
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
    const connection = await client.connect(VIP.ipv4, 7);
    process.kill(scene.uipvs.pid, 'SIGUSR2');
    assert.deepEqual(await scene.uipvs.exited, { status: 0, signal: null });
    await scene.restartUipvs();
    assert.equal(await connection.exchange('goes on'), 'goes on');
    await connection.abort();
    await scene.uipvs.stop();
    await scene.restartUipvs();
    assert.equal(await scene.adm('-Sn'), '');
  });

  test('--fresh forgets, and the host is as for a first start', async () => {
    await scene.balance('tcp', LOCAL_VIP, 80, { to: 80 });
    await killed(['--fresh']);
    assert.equal(await scene.adm('-Sn'), '');
    await scene.uipvs.stop();
    assert.equal(await hostState(scene.lab, 'director'), stateBefore);
  });

  test('--cleanup takes away what a dead daemon left, and is refused while one lives', async () => {
    const program = process.argv[0] ?? '';
    const daemon = new URL('../../src/bin/uipvsd.js', import.meta.url).pathname;
    const clean = () =>
      scene.lab.exec('director', [program, daemon, '--socket', scene.uipvs.socketPath, '--cleanup']);
    await scene.balance('tcp', LOCAL_VIP, 80, { to: 80 });
    await scene.adm('-A', '-f', '7', '-s', 'rr');
    const refused = await clean();
    assert.equal(refused.status, 1);
    assert.equal(await client.whoAnswers(LOCAL_VIP), 'rs3');
    await scene.uipvs.kill9();
    assert.equal((await clean()).status, 0);
    assert.equal(await hostState(scene.lab, 'director'), stateBefore);
    assert.equal(existsSync(stateDirectory), false);
  });

  for (const [what, spoil, sentence] of [
    ['a connection table that was cut', (file: string) => truncateSync(file, 5000), 'it was cut'],
    [
      'a connection table of another version',
      (file: string) => overwrite(file, 8, Buffer.of(99)),
      'it is of another version',
    ],
    [
      'a connection table from before the host was started',
      (file: string) => overwrite(file, 40, Buffer.alloc(16, 7)),
      'it is from before the host was started',
    ],
    [
      'a connection table of noise',
      (file: string) => overwrite(file, 0, Buffer.alloc(4096, 0xa5)),
      'it is none',
    ],
  ] as const) {
    test(`${what} is recognised, and nothing wrong is translated`, async () => {
      await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
      const connection = await client.connect(VIP.ipv4, 7);
      assert.equal(await connection.exchange('before'), 'before');
      await scene.uipvs.kill9();
      spoil(path.join(stateDirectory, 'connections'));
      await scene.restartUipvs();
      assert.ok(scene.uipvs.log.includes(sentence), scene.uipvs.log);
      assert.equal((await scene.connections()).length, 0);
      assert.match(await scene.adm('-Sn'), /-A -t 10\.9\.0\.1:7/);
      await connection.abort();
      const another = await client.connect(VIP.ipv4, 7);
      assert.equal(await another.exchange('new'), 'new');
      await another.abort();
    });
  }

  test('records of noise are dropped one by one, the others go on', async () => {
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
    const connections = await Promise.all(Array.from({ length: 3 }, () => client.connect(VIP.ipv4, 7)));
    await scene.uipvs.kill9();
    // The first record is behind the header's page and the slot that is never used; another one lies far behind.
    const file = path.join(stateDirectory, 'connections');
    overwrite(file, 4096 + 64 + 8, Buffer.alloc(40, 0x5a));
    await scene.restartUipvs();
    assert.match(scene.uipvs.log, /"connections":2,"expired":0,"homeless":0,"broken":1/);
    assert.equal((await scene.connections()).length, 2);
    await Promise.all(connections.map((connection) => connection.abort()));
  });

  test('a configuration that cannot be read is said, and its connections end', async () => {
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
    await scene.uipvs.kill9();
    const file = path.join(stateDirectory, 'services');
    writeFileSync(file, readFileSync(file, 'utf8').replace('rr', 'xx'));
    await scene.restartUipvs();
    assert.match(scene.uipvs.log, /the saved state .* is not used: its line \d+ is not understood/);
    assert.equal(await scene.adm('-Sn'), '');
  });

  for (const [what, spoil] of [
    ['that others may write', (directory: string) => chmodSync(directory, 0o777)],
    [
      'with a table that others may read',
      (directory: string) => chmodSync(path.join(directory, 'connections'), 0o644),
    ],
    [
      "with somebody else's table",
      (directory: string) => chownSync(path.join(directory, 'connections'), 12345, 0),
    ],
    [
      'with a configuration that others may write',
      (directory: string) => chmodSync(path.join(directory, 'services'), 0o666),
    ],
  ] as const) {
    test(`a state directory ${what} is refused`, async () => {
      await scene.uipvs.kill9();
      spoil(stateDirectory);
      await assert.rejects(scene.restartUipvs(), /state.*(others|0600|belong)/);
      chmodSync(stateDirectory, 0o700);
      for (const name of ['connections', 'services']) {
        chmodSync(path.join(stateDirectory, name), 0o600);
        chownSync(path.join(stateDirectory, name), 0, 0);
      }
      await scene.restartUipvs();
    });
  }

  test('a state directory that is a link is refused, and what is in it is for its owner alone', async () => {
    assert.equal(statSync(stateDirectory).mode & 0o777, 0o700);
    for (const name of ['connections', 'services']) {
      assert.equal(statSync(path.join(stateDirectory, name)).mode & 0o777, 0o600);
    }
    const link = path.join(scene.lab.directory, 'link');
    symlinkSync(stateDirectory, link);
    await scene.uipvs.stop();
    mkdirSync(stateDirectory, { mode: 0o700 });
    await assert.rejects(scene.restartUipvs({ args: ['--state-dir', link] }), /not links/);
  });

  test('--state-dir none keeps nothing', async () => {
    await scene.uipvs.stop();
    await scene.restartUipvs({ args: ['--state-dir', 'none'] });
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
    assert.equal(existsSync(stateDirectory), false);
    await scene.uipvs.kill9();
    await scene.restartUipvs();
    assert.equal(await scene.adm('-Sn'), '');
  });

  test('killed in the middle of a restore it has a beginning of it, and all that was acknowledged', async () => {
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
    const exchange = await RunningExchange.start(scene.lab, { address: VIP.ipv4, port: 7 }, 50, 20);
    for (let turn = 0; turn < 3; turn += 1) {
      const lines = Array.from(
        { length: LINES_A_RESTORE },
        (_, index) => `-A -t 10.9.${turn + 1}.${index % 200}:${80 + Math.floor(index / 200)} -s rr`,
      );
      await scene.adm('-A', '-u', `10.9.9.${turn + 1}:53`, '-s', 'rr');
      const restoring = scene.uipvs.restore(lines).catch(() => 'cut');
      await until('the restore to be under way', 10_000, async () =>
        (await scene.adm('-Sn')).includes(`10.9.${turn + 1}.`),
      );
      await scene.uipvs.kill9();
      await restoring;
      await scene.restartUipvs();
      const saved = (await scene.adm('-Sn')).trimEnd().split('\n');
      assert.ok(saved.includes(`-A -u 10.9.9.${turn + 1}:53 -s rr`));
      const restored = saved.filter((line) => line.includes(`-t 10.9.${turn + 1}.`));
      assert.deepEqual(restored.toSorted(), lines.slice(0, restored.length).toSorted());
    }
    assertUnharmed(await exchange.finish(), 50);
  });
});

function overwrite(file: string, at: number, bytes: Buffer): void {
  const content = readFileSync(file).subarray(0, 1 << 20);
  const size = statSync(file).size;
  bytes.copy(content, at);
  writeFileSync(file, content);
  truncateSync(file, size);
}
