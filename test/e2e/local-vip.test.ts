import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServers } from '../lab/servers.js';
import { ControlClient } from './support/control-client.js';
import type { Peer } from './support/peer.js';
import { RuleWatch } from './support/rule-watch.js';
import { Scene } from './support/scene.js';

const SERVICE_PORT = 80;
/** A program of the director's own, on the same address: what ssh would be. */
const OWN_PORT = 22;
const CYCLES = 30;
const ROUND_ROBIN = {
  scheduler: 'rr',
  schedulerFlags: 0,
  isOnePacket: false,
  persistence: null,
  persistenceEngine: null,
  masquerade: null,
  clientAddress: null,
} as const;

for (const { family, ip, local, routed, prefix } of [
  { family: 'IPv4', ip: '-4', local: '10.9.0.5', routed: '10.9.0.1', prefix: 32 },
  { family: 'IPv6', ip: '-6', local: 'fd09::5', routed: 'fd09::1', prefix: 128 },
] as const) {
  describe(`an ${family} VIP that is an address of the director`, () => {
    let scene: Scene;
    let client: Peer;
    let onDirector: Peer;
    before(async () => {
      scene = await Scene.open();
      await scene.lab.ip('director', [`address add ${local}/${prefix} dev lo`]);
      await startServers(scene.lab, 'director', { tcpEcho: OWN_PORT, udpEcho: OWN_PORT, listen: local });
      await scene.balance('tcp', local, SERVICE_PORT, { to: 80 });
      await scene.balance('udp', local, SERVICE_PORT, { to: 7 });
      await scene.balance('tcp', routed, SERVICE_PORT, { to: 80 });
      client = await scene.peer('client');
      onDirector = await scene.peer('director');
    });
    after(() => scene.close());

    test('balances its service', async () => {
      const names = [];
      for (let turn = 0; turn < 3; turn += 1) names.push(await client.whoAnswers(local));
      assert.deepEqual(names, ['rs3', 'rs2', 'rs1']);
    });

    test('balances its UDP service', async () => {
      const names = [];
      for (let turn = 0; turn < 3; turn += 1) {
        names.push(await (await client.datagrams(local, SERVICE_PORT)).ask('name?'));
      }
      assert.deepEqual(names, ['rs3', 'rs2', 'rs1']);
    });

    test('leaves the other ports to the programs of the director', async () => {
      const connection = await client.connect(local, OWN_PORT);
      assert.equal(await connection.exchange('hello director'), 'hello director');
      assert.equal(await (await client.datagrams(local, OWN_PORT)).ask('name?'), 'director');
    });

    test('a connection of the director goes on when its port becomes that of a service', async () => {
      const connection = await client.connect(local, OWN_PORT);
      await scene.balance('tcp', local, OWN_PORT, { to: 7 });
      assert.equal(await connection.exchange('still here'), 'still here');
      await scene.adm('-D', '-t', family === 'IPv6' ? `[${local}]:${OWN_PORT}` : `${local}:${OWN_PORT}`);
      assert.equal(await connection.exchange('and after'), 'and after');
      await connection.close();
    });

    test('refuses a port that nobody listens on', async () => {
      assert.equal((await client.refusal(local, 23)).code, 'ECONNREFUSED');
    });

    test('refuses a datagram in fragments for a port that nobody listens on', async () => {
      const flow = await client.datagrams(local, 23);
      await assert.rejects(flow.ask('x'.repeat(5000)), { code: 'ECONNREFUSED' });
    });

    for (const bytes of [2000, 60_000]) {
      test(`leaves datagrams of ${bytes} bytes, in fragments, to the programs of the director`, async () => {
        const text = 'x'.repeat(bytes);
        assert.equal(await (await client.datagrams(local, OWN_PORT)).ask(text), text);
      });
    }

    for (const bytes of ['56', '5000']) {
      test(`answers a ping of ${bytes} bytes`, async () => {
        for (const host of ['client', 'rs1', 'director'] as const) {
          const words = ['-c', '1', '-W', '2', '-q', '-s', bytes, local];
          assert.match(await scene.lab.run(host, ['ping', ...words]), /1 received/, host);
        }
      });
    }

    for (const { kind, vip } of [
      { kind: 'this VIP', vip: local },
      { kind: 'a VIP that is only routed', vip: routed },
    ]) {
      test(`a client on the director itself is balanced at ${kind}`, async () => {
        const names = [];
        for (let turn = 0; turn < 3; turn += 1) names.push(await onDirector.whoAnswers(vip));
        assert.deepEqual(names.sort(), ['rs1', 'rs2', 'rs3']);
      });

      test(`a client on the director itself keeps a connection at ${kind}`, async () => {
        const connection = await onDirector.connect(vip, SERVICE_PORT);
        assert.equal((await connection.ask('/bytes/300000')).length, 300_000);
        assert.equal((await connection.ask('/bytes/300000')).length, 300_000);
        await connection.close();
      });
    }

    test(`${CYCLES} times added and deleted, it never leaves the director without a rule for table local`, async () => {
      const watch = await RuleWatch.start(scene.lab, ip);
      const control = await ControlClient.open(scene.uipvs.socketPath);
      const key = { kind: 'address', protocol: 'tcp', address: local, port: 8000 } as const;
      for (let cycle = 0; cycle < CYCLES; cycle += 1) {
        await control.request({ op: 'add-service', service: { ...ROUND_ROBIN, key } });
        await control.request({ op: 'delete-service', key });
      }
      const { leastLocalRules, changes } = await watch.finish();
      assert.ok(leastLocalRules >= 1, 'there was a moment without a rule for table local');
      assert.equal(changes, 2 * CYCLES);
    });

    test('start, first service, last service and stop of uipvsd never leave it without that rule', async () => {
      const watch = await RuleWatch.start(scene.lab, ip);
      for (let turn = 0; turn < 3; turn += 1) {
        await scene.uipvs.stop();
        await scene.restartUipvs();
        await scene.balance('tcp', local, SERVICE_PORT, { to: 80 });
        assert.equal(await client.whoAnswers(local), 'rs3');
        await scene.adm('-C');
      }
      const { leastLocalRules, changes } = await watch.finish();
      assert.ok(leastLocalRules >= 1, 'there was a moment without a rule for table local');
      assert.ok(changes > 0);
    });

    test('the programs of the director keep their connections while uipvsd comes and goes', async () => {
      const connection = await client.connect(local, OWN_PORT);
      await scene.uipvs.stop();
      assert.equal(await connection.exchange('without'), 'without');
      await scene.restartUipvs();
      await scene.balance('tcp', local, SERVICE_PORT, { to: 80 });
      assert.equal(await connection.exchange('with'), 'with');
    });
  });
}
