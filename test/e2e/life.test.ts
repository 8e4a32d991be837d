import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, beforeEach, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import { hostState } from './support/host-state.js';
import type { Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

const LOCAL_VIP = '10.9.0.5';
/** What uipvsd promises for SIGTERM, in milliseconds. */
const STOP_LIMIT_MS = 2000;

/** Source: curl(1), exit codes: failed to connect to host. */
const CURL_REFUSED = 7;

describe('the life of uipvsd', () => {
  let scene: Scene;
  let client: Peer;
  let stateBefore = '';

  before(async () => {
    scene = await Scene.open();
    client = await scene.peer();
    await scene.uipvs.stop();
    await scene.lab.ip('director', [`address add ${LOCAL_VIP}/32 dev lo`]);
    // Somebody else's settings and rules are there too, and are nobody's to change.
    await scene.lab.ip('director', ['rule add pref 70 from 203.0.113.7 lookup main']);
    await scene.lab.run('director', ['ip', '-6', 'rule', 'add', 'pref', '71', 'lookup', 'main']);
    stateBefore = await hostState(scene.lab, 'director');
  });
  beforeEach(async () => {
    await scene.restartUipvs({ args: ['--fresh'] });
    for (const vip of [VIP.ipv4, VIP.ipv6, LOCAL_VIP]) {
      await scene.balance('tcp', vip, 80, { to: 80 });
      await scene.balance('udp', vip, 80, { to: 7 });
    }
  });
  after(() => scene.close());

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`${signal} ends it in under 2 s with status 0 and leaves the host as it was`, async () => {
      assert.notEqual(await hostState(scene.lab, 'director'), stateBefore);
      const startedAt = performance.now();
      process.kill(scene.uipvs.pid, signal);
      const exit = await scene.uipvs.exited;
      const tookMs = performance.now() - startedAt;
      assert.deepEqual(exit, { status: 0, signal: null });
      assert.ok(tookMs < STOP_LIMIT_MS, `it took ${tookMs} ms`);
      assert.equal(await hostState(scene.lab, 'director'), stateBefore);
      assert.equal(existsSync(scene.uipvs.socketPath), false);
    });
  }

  test('SIGTERM ends it in time in the middle of traffic and commands', async () => {
    const connections = await Promise.all(Array.from({ length: 50 }, () => client.connect(VIP.ipv4, 80)));
    const answers = connections.map((connection) => connection.ask('/bytes/5000000').catch(() => 'cut'));
    const lines = Array.from({ length: 200 }, (_, index) => `-A -t 10.9.1.${index + 1}:80 -s rr`);
    const restoring = scene.uipvs.restore(lines).catch(() => 'cut');
    const startedAt = performance.now();
    assert.deepEqual(await scene.uipvs.stop(), { status: 0, signal: null });
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs < STOP_LIMIT_MS, `it took ${tookMs} ms`);
    assert.equal(await hostState(scene.lab, 'director'), stateBefore);
    await Promise.all(connections.map((connection) => connection.abort()));
    await Promise.all([restoring, ...answers]);
  });

  test('two SIGTERMs do no more than one', async () => {
    process.kill(scene.uipvs.pid, 'SIGTERM');
    process.kill(scene.uipvs.pid, 'SIGTERM');
    assert.deepEqual(await scene.uipvs.exited, { status: 0, signal: null });
    assert.equal(await hostState(scene.lab, 'director'), stateBefore);
  });

  test('after SIGKILL the director can still be reached, and the next start goes on', async () => {
    await scene.uipvs.kill9();
    const ping = await scene.lab.exec('client', ['ping', '-c', '1', '-W', '2', '-q', LOCAL_VIP]);
    assert.match(ping.stdout, /1 received/);
    // Where nobody listens the host itself refuses, at once.
    const curl = await scene.lab.exec('client', ['curl', '-s', '--max-time', '2', `http://${LOCAL_VIP}:22/`]);
    assert.equal(curl.status, CURL_REFUSED);
    await scene.restartUipvs();
    assert.match(await client.whoAnswers(VIP.ipv4), /^rs[123]$/);
    await scene.uipvs.stop();
    assert.equal(await hostState(scene.lab, 'director'), stateBefore);
  });

  test('five SIGKILLs in a row leave no more behind than one', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      await scene.uipvs.kill9();
      await scene.restartUipvs();
    }
    assert.match(await client.whoAnswers(LOCAL_VIP), /^rs[123]$/);
    await scene.uipvs.stop();
    assert.equal(await hostState(scene.lab, 'director'), stateBefore);
  });

  test('a start after SIGKILL leaves the host clean even before any command', async () => {
    await scene.uipvs.kill9();
    await scene.restartUipvs();
    await scene.uipvs.stop();
    assert.equal(await hostState(scene.lab, 'director'), stateBefore);
  });
});
