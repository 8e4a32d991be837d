import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { realServer, VIP } from '../lab/topology.js';
import type { Peer } from './support/peer.js';
import { endpoint, Scene } from './support/scene.js';

const PORT = 7001;
const SERVERS = ['rs1', 'rs2', 'rs3'];

describe('a one-packet UDP service', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open();
    client = await scene.peer();
    for (const vip of [VIP.ipv4, VIP.ipv6]) {
      const service = endpoint(vip, PORT);
      await scene.adm('-A', '-u', service, '-s', 'rr', '-o');
      for (const index of [1, 2, 3]) {
        await scene.adm('-a', '-u', service, '-r', scene.destination(vip, index, 7), '-m');
      }
    }
  });
  after(() => scene.close());

  for (const vip of [VIP.ipv4, VIP.ipv6]) {
    test(`by ${vip} sends each datagram of one socket to the next server, and every answer comes back`, async () => {
      const flow = await client.datagrams(vip, PORT);
      const answers: string[] = [];
      for (let count = 0; count < 9; count += 1) answers.push(await flow.ask('name?'));
      assert.deepEqual(answers.slice(0, 3).toSorted(), SERVERS);
      assert.deepEqual(answers.slice(3, 6), answers.slice(0, 3));
      assert.deepEqual(answers.slice(6, 9), answers.slice(0, 3));
    });
  }

  test('keeps no connection that could be listed or counted', async () => {
    const flow = await client.datagrams(VIP.ipv4, PORT);
    await flow.ask('name?');
    const listed = await scene.connections();
    assert.deepEqual(listed, []);
    for (const destination of await scene.destinations('udp', VIP.ipv4, PORT)) {
      assert.equal(destination.active, 0);
      assert.equal(destination.inactive, 0);
    }
  });

  test('counts every datagram as a connection', async () => {
    await scene.adm('-Z');
    const flow = await client.datagrams(VIP.ipv4, PORT);
    for (let count = 0; count < 6; count += 1) await flow.ask('name?');
    const stats = await scene.adm('-Ln', '--stats', '--exact', '-u', endpoint(VIP.ipv4, PORT));
    const lines = stats.split('\n').filter((line) => line.includes(realServer(1).ipv4.replace(/\d+$/, '')));
    const counted = lines.map((line) => line.trim().split(/\s+/).slice(2, 5).map(Number));
    assert.deepEqual(counted, [
      [2, 2, 2],
      [2, 2, 2],
      [2, 2, 2],
    ]);
  });
});
