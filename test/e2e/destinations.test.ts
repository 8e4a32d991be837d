import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServers } from '../lab/servers.js';
import type { Connection, Peer } from './support/peer.js';
import { endpoint, Scene } from './support/scene.js';

/** How long an answer from a real server next door may take through the director, in milliseconds. */
const AT_ONCE_MS = 200;
/** How long to wait for an answer that must not come, in milliseconds. */
const SILENCE_MS = 300;

for (const { family, vipOf } of [
  { family: 'IPv4', vipOf: (test: number) => `10.9.0.${test}` },
  { family: 'IPv6', vipOf: (test: number) => `fd09::${test}` },
]) {
  describe(`destinations of an ${family} service`, () => {
    let scene: Scene;
    let client: Peer;
    before(async () => {
      scene = await Scene.open();
      client = await scene.peer();
    });
    after(() => scene.close());

    const whoAnswers = async (vip: string, times: number): Promise<string[]> => {
      const names: string[] = [];
      for (let turn = 0; turn < times; turn += 1) names.push(await client.whoAnswers(vip));
      return names;
    };

    test('a quiesced one keeps its connections and gets no new ones', async () => {
      const vip = vipOf(1);
      await scene.balance('tcp', vip, 80, { to: 80 });
      const old = await client.connect(vip, 80);
      assert.equal(await old.whoAnswers(), 'rs3');
      await scene.adm('-e', '-t', endpoint(vip, 80), '-r', scene.destination(vip, 3, 80), '-m', '-w', '0');
      assert.deepEqual(new Set(await whoAnswers(vip, 6)), new Set(['rs1', 'rs2']));
      assert.equal(await old.whoAnswers(), 'rs3');
      const [, , quiesced] = await scene.destinations('tcp', vip, 80);
      assert.deepEqual([quiesced?.weight, quiesced?.active], [0, 1]);
    });

    test('one whose weight comes back from 0 gets connections again', async () => {
      const vip = vipOf(2);
      await scene.balance('tcp', vip, 80, { to: 80, servers: [1, 2] });
      const weigh = (weight: string) =>
        scene.adm('-e', '-t', endpoint(vip, 80), '-r', scene.destination(vip, 2, 80), '-m', '-w', weight);
      await weigh('0');
      assert.deepEqual(await whoAnswers(vip, 2), ['rs1', 'rs1']);
      await weigh('1');
      assert.deepEqual((await whoAnswers(vip, 2)).sort(), ['rs1', 'rs2']);
    });

    test('a removed one falls silent to its connections until it is added again', async () => {
      const vip = vipOf(3);
      const words = ['-t', endpoint(vip, 7), '-r', scene.destination(vip, 3, 7)];
      await scene.balance('tcp', vip, 7, { to: 7 });
      const orphan = await client.connect(vip, 7);
      assert.equal(await orphan.exchange('before'), 'before');
      await scene.adm('-d', ...words);
      await assert.rejects(orphan.exchange('during', SILENCE_MS), { code: 'ETIMEDOUT' });
      await scene.adm('-a', ...words, '-m');
      // TCP sends again what was lost, so the answer to the first word comes first.
      assert.equal(await orphan.exchange('after!'), 'during');
    });

    test('a removed one gets no new connections, and gets them again when it is added again', async () => {
      const vip = vipOf(4);
      const words = ['-t', endpoint(vip, 80), '-r', scene.destination(vip, 3, 80)];
      await scene.balance('tcp', vip, 80, { to: 80 });
      assert.deepEqual((await whoAnswers(vip, 3)).sort(), ['rs1', 'rs2', 'rs3']);
      await scene.adm('-d', ...words);
      assert.deepEqual(new Set(await whoAnswers(vip, 4)), new Set(['rs1', 'rs2']));
      await scene.adm('-a', ...words, '-m');
      assert.deepEqual((await whoAnswers(vip, 3)).sort(), ['rs1', 'rs2', 'rs3']);
    });

    for (const { servers, expected } of [
      { servers: [1], expected: ['rs1', 'rs1', 'rs1', 'rs1', 'rs1', 'rs1'] },
      { servers: [1, 2, 3], expected: ['rs3', 'rs2', 'rs1', 'rs3', 'rs2', 'rs1'] },
    ]) {
      test(`a client port used again at once is a new connection, with ${servers.length} real servers`, async () => {
        const vip = vipOf(10 + servers.length);
        await scene.balance('tcp', vip, 80, { to: 80, servers });
        const names: string[] = [];
        for (const _ of expected) {
          const connection = await client.connect(vip, 80, { localPort: 40_000 + servers.length });
          assert.ok(connection.connectMs < AT_ONCE_MS, `it took ${connection.connectMs} ms to connect`);
          // The server closes first, so that TIME_WAIT is on its side and the client may use its port again.
          names.push(await connection.whoAnswers({ isLast: true }));
          assert.equal(await connection.ended(), 'EOF');
          await connection.close();
        }
        assert.deepEqual(names, expected);
      });
    }

    test('a client port used again after a reset is a new connection', async () => {
      const vip = vipOf(20);
      await scene.balance('tcp', vip, 80, { to: 80 });
      const names: string[] = [];
      for (let turn = 0; turn < 3; turn += 1) {
        const connection = await client.connect(vip, 80, { localPort: 41_000 });
        assert.ok(connection.connectMs < AT_ONCE_MS, `it took ${connection.connectMs} ms to connect`);
        names.push(await connection.whoAnswers());
        await connection.abort();
      }
      assert.deepEqual(names, ['rs3', 'rs2', 'rs1']);
    });

    test('one whose program has died refuses through the VIP', async () => {
      const vip = vipOf(30);
      const program = await startServers(scene.lab, 'rs1', { http: 8001 });
      await scene.balance('tcp', vip, 80, { to: 8001, servers: [1] });
      const orphan = await client.connect(vip, 80);
      assert.equal(await orphan.whoAnswers(), 'rs1');
      await program.stop();
      assert.match(await orphan.ended(), /EOF|ECONNRESET/);
      const { code, afterMs } = await client.refusal(vip, 80);
      assert.equal(code, 'ECONNREFUSED');
      assert.ok(afterMs < AT_ONCE_MS, `the refusal took ${afterMs} ms`);
    });

    test('one that vanishes takes only its own connections with it, and they come back with it', async () => {
      const vip = vipOf(40);
      await scene.balance('tcp', vip, 7, { to: 7 });
      const connections: Connection[] = [];
      for (let turn = 0; turn < 3; turn += 1) connections.push(await client.connect(vip, 7));
      const [third, second, first] = connections as [Connection, Connection, Connection];
      await scene.lab.ip('director', ['link set rs3 down']);
      await assert.rejects(third.exchange('during', SILENCE_MS), { code: 'ETIMEDOUT' });
      assert.equal(await first.exchange('still here'), 'still here');
      assert.equal(await second.exchange('still here'), 'still here');
      await scene.lab.ip('director', ['link set rs3 up']);
      assert.equal(await third.exchange('after!', 10_000), 'during');
    });

    test('while one has vanished, the others go on answering new connections', async () => {
      const vip = vipOf(41);
      await scene.balance('tcp', vip, 80, { to: 80 });
      await scene.lab.ip('director', ['link set rs3 down']);
      const answers = await Promise.all(
        Array.from({ length: 6 }, async () => {
          const connection = await client.connect(vip, 80, { timeoutMs: 1000 }).catch(() => null);
          return connection === null ? 'nobody' : connection.whoAnswers();
        }),
      );
      await scene.lab.ip('director', ['link set rs3 up']);
      assert.deepEqual(answers.sort(), ['nobody', 'nobody', 'rs1', 'rs1', 'rs2', 'rs2']);
    });
  });
}
