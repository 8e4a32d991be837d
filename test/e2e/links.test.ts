/** Links that come and go while they are used, and that take less than they are given. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { CLIENT_DEVICE, LAN_DEVICE, VIP } from '../lab/topology.js';
import { assertUnharmed, RunningExchange } from './support/exchange.js';
import { NumberCounter, NumberSender } from './support/numbers.js';
import type { Peer } from './support/peer.js';
import { Scene } from './support/scene.js';
import { workerTimeUs } from './support/wire-facts.js';

const COUNTED_PORT = 7001;
const CONNECTIONS = 50;
const INTERVAL_MS = 20;
const FLAPS = 10;
const FLAP_MS = 100;
const DOWN_MS = 1000;
/** TCP has doubled its time-out a few times meanwhile. */
const PATIENCE_MS = 15_000;
/** Datagrams a second, of some 50 bytes on the wire each: four times what the link takes. */
const RATE = 4000;
const SLOW_LINK = ['tbf', 'rate', '400kbit', 'burst', '3000', 'limit', '3000'] as const;
const SLOW_MS = 1500;

describe('links', () => {
  let scene: Scene;
  let client: Peer;

  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    client = await scene.peer();
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
    await scene.balance('udp', VIP.ipv4, COUNTED_PORT, { to: COUNTED_PORT });
  });
  after(() => scene.close());

  for (const device of [CLIENT_DEVICE, LAN_DEVICE]) {
    test(`that flap, ${device} here, end no connection, and while it is down the daemon sleeps`, async () => {
      const connection = await client.connect(VIP.ipv4, 7);
      const running = await RunningExchange.start(
        scene.lab,
        { address: VIP.ipv4, port: 7 },
        CONNECTIONS,
        INTERVAL_MS,
      );
      const set = (state: 'up' | 'down') => scene.lab.ip('director', [`link set ${device} ${state}`]);
      for (let flap = 0; flap < FLAPS; flap += 1) {
        await set('down');
        await delay(FLAP_MS);
        await set('up');
        await delay(FLAP_MS);
      }
      await set('down');
      const before = await workerTimeUs(scene.uipvs);
      await delay(DOWN_MS);
      const tookUs = (await workerTimeUs(scene.uipvs)) - before;
      await set('up');
      assert.equal(await connection.exchange('afterwards', PATIENCE_MS), 'afterwards');
      assertUnharmed(await running.finish(), CONNECTIONS);
      await connection.abort();
      assert.ok(tookUs < DOWN_MS * 200, `while it was down the worker took ${tookUs} us of ${DOWN_MS} ms`);
    });
  }

  test('that take less than they are given lose packets that are counted, and nothing else', async () => {
    const connection = await client.connect(VIP.ipv4, 7);
    const tc = (...words: string[]) => scene.lab.run('director', ['tc', 'qdisc', ...words]);
    await tc('add', 'dev', LAN_DEVICE, 'root', ...SLOW_LINK);
    const counter = await NumberCounter.start(scene.lab, 'rs1', COUNTED_PORT);
    const sender = await NumberSender.start(scene.lab, 'client', VIP.ipv4, COUNTED_PORT, RATE);
    await delay(SLOW_MS);
    const { sent } = await sender.stop();
    assert.equal(await connection.exchange('meanwhile', PATIENCE_MS), 'meanwhile');
    const { came, again } = await counter.stop();
    await tc('del', 'dev', LAN_DEVICE, 'root');
    const drops = await scene.adm('--drops', '--exact');
    const lost = Number(/-> transmit_again +(\d+)/.exec(drops)?.[1]);
    assert.equal(again, 0);
    assert.ok(came > 0 && came < sent, `${came} of ${sent} came`);
    // The connection's own segments may be among those that were refused.
    assert.ok(lost >= sent - came, `${came} of ${sent} came, and ${lost} were counted\n${drops}`);
    assert.equal(await connection.exchange('afterwards'), 'afterwards');
    await connection.abort();
  });
});
