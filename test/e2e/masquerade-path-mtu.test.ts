/**
 * Theory of operation: as path-mtu.test.ts, for what the real server of a masqueraded connection sends: it knows the
 * director's address alone, and must be told of a narrow link beyond the director as if that were on the way there.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import { insertNarrowPath, learnedMtu, type NarrowLink, type PathEnd } from './support/narrow-path.js';
import type { Peer } from './support/peer.js';
import { endpoint, Scene } from './support/scene.js';

const VPORT = 8080;
const BYTES = 300_000;
const TRANSFER_LIMIT_MS = 3000;
/** Where the real server is behind routers it reaches them as it reaches all else, by its gateway. */
const ADDRESSES = { ipv4: '10.8.0.1', ipv6: 'fd08::1' } as const;

const PATHS: readonly { readonly end: PathEnd; readonly link: NarrowLink; readonly mtuBytes: number }[] = [
  { end: 'client', link: 'middle', mtuBytes: 1300 },
  { end: 'client', link: 'beside the director', mtuBytes: 1400 },
  { end: 'rs1', link: 'middle', mtuBytes: 1400 },
  { end: 'rs1', link: 'beside the director', mtuBytes: 1300 },
];

for (const { end, link, mtuBytes } of PATHS) {
  const where = link === 'middle' ? `between two routers towards ${end}` : `of the director, towards ${end}`;

  describe(`with ${mtuBytes} bytes as the MTU of a link ${where}, through full NAT`, () => {
    let scene: Scene;
    let client: Peer;
    before(async () => {
      const args = ['--masquerade-addresses', Object.values(ADDRESSES).join()];
      scene = await Scene.open({ realServers: 1, uipvs: { args } });
      await insertNarrowPath(scene.lab, end, link, mtuBytes);
      client = await scene.peer();
      for (const vip of [VIP.ipv4, VIP.ipv6]) {
        await scene.adm('-A', '-t', endpoint(vip, VPORT), '-s', 'rr', '--masquerade', 'all');
        await scene.adm('-a', '-t', endpoint(vip, VPORT), '-r', scene.destination(vip, 1, 80), '-m');
      }
    });
    after(() => scene.close());

    for (const family of ['ipv4', 'ipv6'] as const) {
      test(`the real server learns it on the way down, ${family}`, async () => {
        const connection = await client.connect(VIP[family], VPORT);
        const body = await connection.ask(`/bytes/${BYTES}`, TRANSFER_LIMIT_MS);
        assert.equal(body.length, BYTES);
        assert.equal(await learnedMtu(scene.lab, 'rs1', ADDRESSES[family]), mtuBytes);
        await connection.close();
      });
    }
  });
}
