/** Packets that come while the daemon is dead wait in the TUN device, where a service manager keeps its descriptors open. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../lab/poll.js';
import { VIP } from '../lab/topology.js';
import { hostState } from './support/host-state.js';
import { NumberCounter, NumberSender } from './support/numbers.js';
import { Scene } from './support/scene.js';
import { keptDescriptors, killManaged, managerSays, underServiceManager } from './support/service-manager.js';

const PORT = 7001;
/** Datagrams a second: less than the device's queue of 10,000 holds until the next daemon reads. */
const RATE = 1000;
const KILLS = 3;
/** What a worker has read and not sent when it is killed: native/engine/worker.h, kBurst. */
const BURST = 64;
const MARKING = `table inet marks {
  chain prerouting {
    type filter hook prerouting priority mangle;
    udp dport 7002 ip daddr 10.9.0.200 meta mark set 7
  }
}`;

describe('with a service manager that keeps descriptors', () => {
  let scene: Scene;
  let directory: string;

  async function open(...words: string[]): Promise<void> {
    scene = await Scene.open({
      realServers: 1,
      uipvs: underServiceManager(directory, { args: ['--io', 'tun', ...words] }),
    });
    await scene.balance('udp', VIP.ipv4, PORT, { to: PORT });
  }

  beforeEach(() => {
    directory = mkdtempSync(path.join(tmpdir(), 'uipvs-manager-'));
  });
  afterEach(() => {
    scene?.close();
    rmSync(directory, { recursive: true });
  });

  for (const workers of [1, 2]) {
    test(`packets wait for the next daemon, of ${workers} workers, and none is lost or comes twice`, async (context) => {
      await open('--workers', String(workers));
      assert.deepEqual(keptDescriptors(scene), { uipvs0: workers });
      const counter = await NumberCounter.start(scene.lab, 'rs1', PORT);
      const sender = await NumberSender.start(scene.lab, 'client', VIP.ipv4, PORT, RATE);
      for (let kill = 0; kill < KILLS; kill += 1) {
        await delay(200);
        await killManaged(scene);
      }
      await delay(200);
      const { sent } = await sender.stop();
      const { came, again } = await counter.stop();
      context.diagnostic(`${came} of ${sent} came, ${KILLS} kills`);
      assert.equal(again, 0);
      assert.ok(sent - came <= KILLS * workers * BURST, `${came} of ${sent} came`);
      // Those of before, not more of them each time.
      assert.deepEqual(keptDescriptors(scene), { uipvs0: workers });
      assert.equal(managerSays(scene).filter(({ stored }) => stored === 'uipvs0').length, 1);
    });
  }

  test('so they do for firewall marks, whose devices are kept as long as there are services', async () => {
    await open();
    await scene.lab.run('director', ['nft', MARKING]);
    await scene.adm('-A', '-f', '7', '-s', 'rr');
    await scene.adm('-a', '-f', '7', '-r', '10.1.0.11', '-m');
    assert.deepEqual(keptDescriptors(scene), { uipvs0: 1, uipvs0m7: 1 });
    const counter = await NumberCounter.start(scene.lab, 'rs1', 7002);
    const sender = await NumberSender.start(scene.lab, 'client', '10.9.0.200', 7002, RATE);
    await delay(200);
    await killManaged(scene);
    await delay(200);
    const { sent } = await sender.stop();
    const { came, again } = await counter.stop();
    assert.equal(again, 0);
    assert.ok(came > 0 && sent - came <= BURST, `${came} of ${sent} came`);
    assert.deepEqual(keptDescriptors(scene), { uipvs0: 1, uipvs0m7: 1 });
    await scene.adm('-D', '-f', '7');
    await until('the descriptor to be given up', 5000, () => !('uipvs0m7' in keptDescriptors(scene)));
    const links = await scene.lab.run('director', ['ip', 'link']);
    assert.ok(!links.includes('uipvs0m7'), links);
  });

  for (const hasStandby of [false, true]) {
    const successor = hasStandby ? 'another stands by' : 'it is started again';
    test(`without one, where ${successor}, packets are dropped meanwhile, and none comes twice`, async (context) => {
      const args = ['--io', 'tun'];
      scene = await Scene.open({ realServers: 1, uipvs: { args } });
      await scene.balance('udp', VIP.ipv4, PORT, { to: PORT });
      const counter = await NumberCounter.start(scene.lab, 'rs1', PORT);
      const sender = await NumberSender.start(scene.lab, 'client', VIP.ipv4, PORT, RATE);
      for (let kill = 0; kill < KILLS; kill += 1) {
        const before = scene.uipvs;
        if (hasStandby) await scene.standBy({ args });
        await delay(200);
        await before.kill9();
        if (hasStandby) await scene.uipvs.answers();
        else await scene.restartUipvs({ args });
      }
      await delay(200);
      const { sent } = await sender.stop();
      const { came, again } = await counter.stop();
      context.diagnostic(`${sent - came} of ${sent} lost, at ${RATE} a second, ${KILLS} kills`);
      assert.equal(again, 0);
      assert.ok(came > 0 && came < sent, `${came} of ${sent} came`);
    });
  }

  test('a device that went away meanwhile is made anew', async () => {
    await open();
    const client = await scene.peer();
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
    const [started] = managerSays(scene).flatMap(({ started: pid }) => pid ?? []);
    process.kill(started ?? 0, 'SIGSTOP');
    await scene.lab.ip('director', ['link del uipvs0']);
    await killManaged(scene);
    const connection = await client.connect(VIP.ipv4, 7);
    assert.equal(await connection.exchange('by the new one'), 'by the new one');
    await connection.abort();
    assert.deepEqual(keptDescriptors(scene), { uipvs0: 1 });
  });

  test('after SIGTERM nothing is kept, and the host is as it was found', async () => {
    await open();
    await scene.adm('-A', '-f', '7', '-s', 'rr');
    await scene.uipvs.stop();
    assert.deepEqual(keptDescriptors(scene), {});
    const state = await hostState(scene.lab, 'director');
    assert.doesNotMatch(state, /uipvs/);
  });
});
