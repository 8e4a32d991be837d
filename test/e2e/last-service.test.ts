import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import type { Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

describe('a VIP whose last service was deleted', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open();
    client = await scene.peer();
  });
  after(() => scene.close());

  for (const vip of [VIP.ipv4, VIP.ipv6]) {
    test(`${vip} still refuses at once and answers ping`, async () => {
      await scene.balance('tcp', vip, 80, { to: 80 });
      await client.whoAnswers(vip);
      await scene.adm('-C');
      const refusal = await client.refusal(vip, 80);
      assert.equal(refusal.code, 'ECONNREFUSED');
      assert.ok(refusal.afterMs < 1000, `refused after ${refusal.afterMs} ms`);
      const text = await scene.lab.run('client', ['ping', '-c', '1', '-W', '2', '-q', vip]);
      assert.match(text, /1 received/);
    });

    test(`${vip} balances again when the same service comes back, and when another one does`, async () => {
      await scene.balance('tcp', vip, 80, { to: 80 });
      assert.equal(await client.whoAnswers(vip), 'rs3');
      await scene.adm('-C');
      await scene.balance('tcp', vip, 81, { to: 80 });
      assert.equal(await client.whoAnswers(vip, 81), 'rs3');
      await scene.adm('-C');
    });
  }

  test('leaves no route behind when uipvsd ends', async () => {
    await scene.uipvs.stop();
    assert.doesNotMatch(await scene.lab.run('director', ['ip', 'route']), /10\.9\.0\.1/);
    assert.doesNotMatch(await scene.lab.run('director', ['ip', '-6', 'route']), /fd09::1/);
  });
});
