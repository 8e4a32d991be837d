/**
 * Theory of operation: as path-mtu.test.ts, for masqueraded connections. Their real server knows an address of the director's
 * alone, and must be told of a narrow link beyond the director as if that were on the way there. Here that is no address of
 * the host, so that routers' words for it come to the data plane, of IPv6 too.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import { insertNarrowPath, learnedMtu, type NarrowLink, type PathEnd } from './support/narrow-path.js';
import type { Peer } from './support/peer.js';
import { pythonProgram } from './support/program.js';
import { endpoint, Scene } from './support/scene.js';

const VPORT = 8080;
const COUNT_VPORT = 9000;
const COUNT_PORT = 9001;
const BYTES = 300_000;
const TRANSFER_LIMIT_MS = 3000;
const COUNT_PROGRAM = pythonProgram('tcp_count.py');
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
      const count = scene.lab.spawn('rs1', ['python3', COUNT_PROGRAM, 'serve', String(COUNT_PORT)]);
      await count.ready('the counting server', 10_000, () => count.log.includes('ready'));
      for (const vip of [VIP.ipv4, VIP.ipv6]) {
        for (const [vport, port] of [
          [VPORT, 80],
          [COUNT_VPORT, COUNT_PORT],
        ] as const) {
          await scene.adm('-A', '-t', endpoint(vip, vport), '-s', 'rr', '--masquerade', 'all');
          await scene.adm('-a', '-t', endpoint(vip, vport), '-r', scene.destination(vip, 1, port), '-m');
        }
      }
    });
    after(() => scene.close());

    // What one end has learned it tells the other at the next handshake (MSS), which then has nothing to learn.
    beforeEach(async () => {
      for (const host of ['client', 'rs1'] as const) {
        for (const family of ['-4', '-6'])
          await scene.lab.run(host, ['ip', family, 'route', 'flush', 'cache']);
      }
    });

    for (const family of ['ipv4', 'ipv6'] as const) {
      test(`the real server learns it on the way down, ${family}`, async () => {
        const connection = await client.connect(VIP[family], VPORT);
        const body = await connection.ask(`/bytes/${BYTES}`, TRANSFER_LIMIT_MS);
        assert.equal(body.length, BYTES);
        assert.equal(await learnedMtu(scene.lab, 'rs1', ADDRESSES[family]), mtuBytes);
        await connection.close();
      });

      test(`the client learns it on the way up, ${family}`, async () => {
        const argv = ['python3', COUNT_PROGRAM, 'send', VIP[family], String(COUNT_VPORT), String(BYTES)];
        const { stdout, stderr } = await scene.lab.exec('client', argv);
        assert.equal(stdout.trim(), String(BYTES), stderr.trim().split('\n').at(-1));
        assert.equal(await learnedMtu(scene.lab, 'client', VIP[family]), mtuBytes);
      });
    }
  });
}
