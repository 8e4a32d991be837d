import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import { FrameSender } from './support/frame-sender.js';
import { synFlood } from './support/malformed-packets.js';
import type { Connection, Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

const CONNECTIONS = 50;
const PATIENCE_MS = 300;

describe(`uipvsd --connections ${CONNECTIONS}`, () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open({ uipvs: { args: ['--connections', String(CONNECTIONS)] } });
    client = await scene.peer();
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
  });
  after(() => scene.close());

  test('gives up half-open connections for real ones', async () => {
    const sender = await FrameSender.start(scene.lab);
    await sender.send(4, synFlood(10 * CONNECTIONS));
    assert.equal((await scene.connections()).length, CONNECTIONS);
    const connection = await client.connect(VIP.ipv4, 7);
    assert.equal(await connection.exchange('through'), 'through');
    await connection.abort();
  });

  describe('when the table is full of established connections', () => {
    let connections: readonly Connection[] = [];
    before(async () => {
      await scene.uipvs.stop();
      await scene.restartUipvs({ args: ['--connections', String(CONNECTIONS)] });
      await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
      connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => client.connect(VIP.ipv4, 7)));
    });

    test('takes no further connection', async () => {
      const further = await Promise.allSettled(
        Array.from({ length: 20 }, () => client.connect(VIP.ipv4, 7, { timeoutMs: PATIENCE_MS })),
      );
      assert.deepEqual(
        further.filter(({ status }) => status === 'fulfilled'),
        [],
      );
    });

    test('goes on with every connection that is there', async () => {
      const texts = connections.map((_, index) => `connection ${index}`);
      const answers = await Promise.all(
        connections.map((connection, index) => connection.exchange(texts[index] ?? '')),
      );
      assert.deepEqual(answers, texts);
    });

    test('counts exactly those', async () => {
      const destinations = await scene.destinations('tcp', VIP.ipv4, 7);
      const active = destinations.map((destination) => destination.active);
      assert.equal(
        active.reduce((sum, count) => sum + count, 0),
        CONNECTIONS,
      );
      assert.deepEqual(
        destinations.map(({ inactive }) => inactive),
        [0, 0, 0],
      );
      assert.equal((await scene.connections()).length, CONNECTIONS);
    });
  });
});
