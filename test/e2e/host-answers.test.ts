import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import { dissect } from './support/dissection.js';
import { addressBytes, PROTOCOL, TCP_ACK, TCP_RST } from './support/frames.js';
import { readPackets } from './support/packets.js';
import type { Peer } from './support/peer.js';
import { endpoint, Scene } from './support/scene.js';

const AT_ONCE_MS = 200;
const SERVICE_PORT = 80;
const PORT_WITHOUT_SERVICE = 81;
const PORT_WITHOUT_DESTINATIONS = 82;
/** ICMPv6 from here on is no error. */
const ECHO_REQUEST6 = 128;

describe('the director answers for a VIP as a host does', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    client = await scene.peer();
    for (const vip of [VIP.ipv4, VIP.ipv6]) {
      for (const protocol of ['tcp', 'udp'] as const) {
        await scene.balance(protocol, vip, SERVICE_PORT, { to: protocol === 'tcp' ? 80 : 7 });
        await scene.balance(protocol, vip, PORT_WITHOUT_DESTINATIONS, { to: 80, servers: [] });
      }
    }
  });
  after(() => scene.close());

  for (const vip of [VIP.ipv4, VIP.ipv6]) {
    for (const { name, bytes } of [
      { name: 'small', bytes: '56' },
      { name: 'without data', bytes: '0' },
      { name: 'as long as a frame', bytes: '1400' },
    ]) {
      test(`${vip} answers a ping ${name}`, async () => {
        // Once it has an answer, ping gives later ones twice the time of that only.
        for (let count = 0; count < 3; count += 1) {
          const words = ['-c', '1', '-W', '2', '-s', bytes, '-q', vip];
          assert.match(await scene.lab.run('client', ['ping', ...words]), /1 received, 0% packet loss/);
        }
      });
    }

    for (const { why, port } of [
      { why: 'has no service', port: PORT_WITHOUT_SERVICE },
      { why: 'has a service without destinations', port: PORT_WITHOUT_DESTINATIONS },
    ]) {
      test(`${vip} refuses TCP at once where a port ${why}`, async () => {
        const { code, afterMs } = await client.refusal(vip, port);
        assert.equal(code, 'ECONNREFUSED');
        assert.ok(afterMs < AT_ONCE_MS, `the refusal took ${afterMs} ms`);
      });

      test(`${vip} refuses UDP at once where a port ${why}`, async () => {
        const flow = await client.datagrams(vip, port);
        const startedAt = performance.now();
        await assert.rejects(flow.ask('anybody?'), { code: 'ECONNREFUSED' });
        assert.ok(performance.now() - startedAt < AT_ONCE_MS);
      });
    }

    test(`${vip} refuses TCP by ICMP where a service has no destinations, by RST where there is none`, async () => {
      const file = path.join(scene.lab.directory, `refusals-${vip.includes(':') ? 6 : 4}.pcap`);
      const capture = await scene.lab.capture('client', 'eth0', file);
      for (const port of [PORT_WITHOUT_DESTINATIONS, PORT_WITHOUT_SERVICE]) await client.refusal(vip, port);
      await capture.stop();
      const packets = (await readPackets(file))
        .map((frame) => dissect(frame))
        .filter((each) => each !== null);
      const answers = packets
        .filter(({ source }) => source.equals(addressBytes(vip)))
        .filter(({ protocol, transport }) => protocol !== PROTOCOL.icmp6 || transport[0]! < ECHO_REQUEST6);
      const [unreachable, reset, ...others] = answers.map(({ protocol, transport }) =>
        protocol === PROTOCOL.tcp
          ? { port: transport.readUInt16BE(0), flags: transport[13] }
          : { type: transport[0], code: transport[1] },
      );
      assert.deepEqual(unreachable, vip.includes(':') ? { type: 1, code: 4 } : { type: 3, code: 3 });
      assert.deepEqual(reset, { port: PORT_WITHOUT_SERVICE, flags: TCP_RST | TCP_ACK });
      assert.deepEqual(others, []);
    });

    test(`${vip} refuses where its service was deleted, while another service of it goes on`, async () => {
      const service = endpoint(vip, SERVICE_PORT);
      assert.equal(await client.whoAnswers(vip, SERVICE_PORT), 'rs1');
      await scene.adm('-D', '-t', service);
      assert.equal((await client.refusal(vip, SERVICE_PORT)).code, 'ECONNREFUSED');
      assert.equal(await (await client.datagrams(vip, SERVICE_PORT)).ask('name?'), 'rs1');
      await scene.balance('tcp', vip, SERVICE_PORT, { to: 80 });
      assert.equal(await client.whoAnswers(vip, SERVICE_PORT), 'rs1');
    });
  }
});
