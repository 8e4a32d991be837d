import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import type { Peer } from './support/peer.js';
import { endpoint, Scene } from './support/scene.js';

const DIRECTOR = { ipv4: '10.1.0.1', ipv6: 'fd01::1' };

describe('full NAT', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open();
    client = await scene.peer();
  });
  after(() => scene.close());

  const balance = async (vip: string, port: number, ...options: readonly string[]): Promise<void> => {
    await scene.adm('-A', '-t', endpoint(vip, port), '-s', 'rr', ...options);
    for (const index of [1, 2, 3]) {
      await scene.adm('-a', '-t', endpoint(vip, port), '-r', scene.destination(vip, index, 80), '-m');
    }
  };
  const peerSeen = async (from: Peer, vip: string, port: number): Promise<string> => {
    const connection = await from.connect(vip, port);
    const seen = await connection.ask('/peer');
    await connection.close();
    return seen.trim();
  };

  for (const [family, vip] of Object.entries(VIP) as ['ipv4' | 'ipv6', string][]) {
    test(`by ${vip} real servers see the director, each connection by a port of its own`, async () => {
      await balance(vip, 80, '--masquerade', 'all');
      const seen = await Promise.all(Array.from({ length: 30 }, () => peerSeen(client, vip, 80)));
      for (const text of seen) assert.ok(text.includes(DIRECTOR[family]), `${text} is the director`);
    });

    test(`by ${vip} serves clients whose real servers have no route back`, async () => {
      const flag = family === 'ipv6' ? ['-6'] : [];
      const gateway = (await scene.lab.run('rs1', ['ip', ...flag, 'route', 'show', 'default'])).trim();
      for (const host of ['rs1', 'rs2', 'rs3'] as const) {
        await scene.lab.run(host, ['ip', ...flag, 'route', 'del', 'default']);
      }
      try {
        const names = new Set<string>();
        for (let count = 0; count < 3; count += 1) names.add(await client.whoAnswers(vip));
        assert.deepEqual([...names].toSorted(), ['rs1', 'rs2', 'rs3']);
      } finally {
        for (const host of ['rs1', 'rs2', 'rs3'] as const) {
          await scene.lab.run(host, ['ip', ...flag, 'route', 'add', ...gateway.split(/\s+/)]);
        }
      }
    });

    test(`by ${vip} leaves the clients of networks that are named their address`, async () => {
      const network = family === 'ipv6' ? 'fd00::/64' : '10.0.0.0/24';
      await balance(vip, 81, '--masquerade', 'except', network);
      assert.doesNotMatch(await peerSeen(client, vip, 81), new RegExp(`${DIRECTOR[family]}\\b`));
    });

    test(`by ${vip} a real server that calls it is answered, by itself too, without an option`, async () => {
      await balance(vip, 82);
      const server = await scene.peer('rs1', `hairpin-${family}`);
      const names: string[] = [];
      for (let count = 0; count < 6; count += 1) names.push(await server.whoAnswers(vip, 82));
      assert.deepEqual([...new Set(names)].toSorted(), ['rs1', 'rs2', 'rs3']);
    });
  }

  test('reserves its ports on the host and gives them back', async () => {
    const reserved = () => scene.lab.run('director', ['sysctl', '-n', 'net.ipv4.ip_local_reserved_ports']);
    assert.equal((await reserved()).trim(), '61000-65534');
    await scene.uipvs.stop();
    assert.equal((await reserved()).trim(), '');
  });
});
