/**
 * Theory of operation: full NAT with so few source ports that a test can use them all. Of the two addresses of a family one
 * is the director's own and the other nobody's, in the LAN of the real servers. What the real servers see is what their
 * kernel says of its connections.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import { combinations, refusedForPorts, sourcesAt } from './support/masquerade.js';
import type { Connection, Datagrams, Peer, PeerError } from './support/peer.js';
import { endpoint, Scene } from './support/scene.js';

const ADDRESSES = { ipv4: ['10.1.0.1', '10.1.0.200'], ipv6: ['fd01::1', 'fd01::200'] } as const;
const ALL = [...ADDRESSES.ipv4, ...ADDRESSES.ipv6].join();
const PORTS = [61000, 61001, 61002] as const;
const ECHO_PORT = 7;
const FULL_VPORT = 7000;
const OTHER_SERVER_VPORT = 7001;
const OTHER_PORT_VPORT = 7002;

describe('full NAT with three ports and two addresses of each family', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    const args = ['--masquerade-ports', '61000-61002', '--masquerade-addresses', ALL];
    scene = await Scene.open({ realServers: 2, uipvs: { args } });
    client = await scene.peer();
  });
  after(() => scene.close());

  const masquerade = async (
    option: '-t' | '-u',
    vip: string,
    vport: number,
    server: number,
    port: number,
  ) => {
    await scene.adm('-A', option, endpoint(vip, vport), '-s', 'rr', '--masquerade', 'all');
    await scene.adm('-a', option, endpoint(vip, vport), '-r', scene.destination(vip, server, port), '-m');
  };

  for (const family of ['ipv4', 'ipv6'] as const) {
    const vip = VIP[family];

    describe(`six TCP connections to a real server's port by ${vip}`, () => {
      const connections: Connection[] = [];
      before(async () => {
        await masquerade('-t', vip, FULL_VPORT, 1, ECHO_PORT);
        for (let count = 0; count < 6; count += 1) connections.push(await client.connect(vip, FULL_VPORT));
      });

      test('come from each address with each port', async () => {
        const seen = await sourcesAt(scene, 'rs1', family, ECHO_PORT, 6);
        assert.deepEqual(seen, combinations(ADDRESSES[family], PORTS));
      });

      test('work, each for its client', async () => {
        const texts = connections.map((_, index) => `connection ${index}`);
        const echoes = await Promise.all(connections.map((each, index) => each.exchange(texts[index] ?? '')));
        assert.deepEqual(echoes, texts);
      });

      test('leave nothing for the seventh, which is refused and counted', async () => {
        const before = await refusedForPorts(scene);
        const { code } = await client.refusal(vip, FULL_VPORT);
        assert.equal(code, 'ECONNREFUSED');
        assert.equal(await refusedForPorts(scene), before + 1);
      });

      test('leave another real server all of them', async () => {
        await masquerade('-t', vip, OTHER_SERVER_VPORT, 2, ECHO_PORT);
        for (let count = 0; count < 6; count += 1) await client.connect(vip, OTHER_SERVER_VPORT);
        assert.deepEqual(
          await sourcesAt(scene, 'rs2', family, ECHO_PORT, 6),
          combinations(ADDRESSES[family], PORTS),
        );
      });

      test('leave another port of the real server all of them', async () => {
        await masquerade('-t', vip, OTHER_PORT_VPORT, 1, 80);
        for (let count = 0; count < 6; count += 1) await client.connect(vip, OTHER_PORT_VPORT);
        assert.deepEqual(
          await sourcesAt(scene, 'rs1', family, 80, 6),
          combinations(ADDRESSES[family], PORTS),
        );
      });

      test('leave UDP to the same port all of them', async () => {
        await masquerade('-u', vip, FULL_VPORT, 1, ECHO_PORT);
        const flows: Datagrams[] = [];
        for (let count = 0; count < 7; count += 1) flows.push(await client.datagrams(vip, FULL_VPORT));
        const last = flows.pop();
        const texts = flows.map((_, index) => `flow ${index}`);
        for (const [index, flow] of flows.entries())
          assert.equal(await flow.ask(texts[index] ?? ''), texts[index]);
        const before = await refusedForPorts(scene);
        await assert.rejects(
          async () => last?.ask('the seventh'),
          ({ code }: PeerError) => code === 'ECONNREFUSED',
        );
        assert.equal(await refusedForPorts(scene), before + 1);
      });

      test('of which one that ends makes room for one', async () => {
        await connections.pop()?.abort();
        await connections.pop()?.abort();
        // A connection that was reset is kept for ten seconds.
        const until = Date.now() + 20_000;
        let fresh: Connection | null = null;
        while (fresh === null && Date.now() < until)
          fresh = await client.connect(vip, FULL_VPORT).catch(() => null);
        assert.equal(await fresh?.exchange('a new one'), 'a new one');
        assert.equal(new Set(await sourcesAt(scene, 'rs1', family, ECHO_PORT, 5)).size, 5);
      });
    });

    test(`the address of ${family} that is nobody’s answers pings of real servers`, async () => {
      for (const address of ADDRESSES[family]) {
        assert.match(await scene.lab.run('rs1', ['ping', '-c', '1', '-W', '2', address]), / 0% packet loss/);
      }
    });

    test(`a packet of a real server that is of no connection is refused there, by ${family}`, async () => {
      const server = await scene.peer('rs2', `stray-${family}`);
      const { code } = await server.refusal(ADDRESSES[family][1], 61000);
      assert.equal(code, 'ECONNREFUSED');
    });
  }

  test('gives the addresses that were nobody’s up when it ends', async () => {
    await scene.uipvs.stop();
    for (const flag of ['-4', '-6']) {
      const proxies = await scene.lab.run('director', ['ip', flag, 'neigh', 'show', 'proxy']);
      assert.equal(proxies.trim(), '');
    }
    for (const address of [ADDRESSES.ipv4[1], ADDRESSES.ipv6[1]]) {
      const route = await scene.lab.run('director', ['ip', 'route', 'get', address]);
      assert.match(route, / dev lan0 /);
    }
  });
});
