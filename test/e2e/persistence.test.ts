import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import type { Peer } from './support/peer.js';
import { endpoint, Scene } from './support/scene.js';

describe('a persistent service', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open();
    client = await scene.peer();
  });
  after(() => scene.close());

  for (const vip of [VIP.ipv4, VIP.ipv6]) {
    test(`by ${vip} gives a client that opens 100 connections at once one real server`, async () => {
      const service = endpoint(vip, 80);
      await scene.adm('-A', '-t', service, '-s', 'rr', '-p', '300');
      for (const index of [1, 2, 3]) {
        await scene.adm('-a', '-t', service, '-r', scene.destination(vip, index, 80), '-m');
      }
      const names = await Promise.all(Array.from({ length: 100 }, () => client.whoAnswers(vip)));
      assert.equal(new Set(names).size, 1);
      const persistent = await scene.adm('-Ln', '--persistent-conn', '-t', service);
      const templates = persistent
        .match(/^ +-> \S+ +1 +(\d+)/gm)
        ?.map((line) => Number(line.split(/\s+/)[4]));
      assert.deepEqual(templates?.toSorted(), [0, 0, 1]);
    });
  }
});
