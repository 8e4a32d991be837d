/**
 * Theory of operation: a link on the way is narrower than the ends believe, and says so by ICMP alone (the kernel's own
 * probing is off by default). A transfer comes to its end only if that word reaches the sender and is understood there:
 * it must quote the packet as the sender knows it. What the sender has learned stands in its routing table.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { CLIENT, DIRECTOR, type Host, realServer, VIP } from '../lab/topology.js';
import {
  forgetMtus,
  insertNarrowPath,
  learnedMtu,
  linkAddress,
  type NarrowLink,
  type PathEnd,
} from './support/narrow-path.js';
import type { Peer } from './support/peer.js';
import { pythonProgram } from './support/program.js';
import { endpoint, Scene } from './support/scene.js';

const HTTP_VPORT = 8080;
const COUNT_VPORT = 9000;
const COUNT_PORT = 9001;
const ECHO_VPORT = 7777;
const MASQUERADED_VPORT = 9002;
const BYTES = 300_000;
const TRANSFER_LIMIT_MS = 3000;

/** Addresses of the director. */
const LOCAL_VIPS = { ipv4: '10.9.0.5', ipv6: 'fd09::5' } as const;

const VIPS = [
  { vip: VIP.ipv4, cip: CLIENT.ipv4, family: 'ipv4', what: 'ipv4' },
  { vip: VIP.ipv6, cip: CLIENT.ipv6, family: 'ipv6', what: 'ipv6' },
  { vip: LOCAL_VIPS.ipv4, cip: CLIENT.ipv4, family: 'ipv4', what: 'ipv4, of the director' },
  { vip: LOCAL_VIPS.ipv6, cip: CLIENT.ipv6, family: 'ipv6', what: 'ipv6, of the director' },
] as const;

const PATHS: readonly { readonly end: PathEnd; readonly link: NarrowLink; readonly mtuBytes: number }[] = [
  { end: 'client', link: 'middle', mtuBytes: 1300 },
  { end: 'rs1', link: 'middle', mtuBytes: 1400 },
  { end: 'client', link: 'beside the director', mtuBytes: 1400 },
  { end: 'rs1', link: 'beside the director', mtuBytes: 1300 },
];

for (const { end, link, mtuBytes } of PATHS) {
  const between = end === 'client' ? 'client and director' : 'director and real server';
  const where =
    link === 'middle' ? `between two routers between ${between}` : `of the director, towards ${end}`;

  describe(`with ${mtuBytes} bytes as the MTU of a link ${where}`, () => {
    let scene: Scene;
    let client: Peer;
    let inner: Host;
    let directorDevice: string;
    before(async () => {
      scene = await Scene.open({ realServers: 1 });
      const count = scene.lab.spawn('rs1', [
        'python3',
        pythonProgram('tcp_count.py'),
        'serve',
        String(COUNT_PORT),
      ]);
      await count.ready('the counting server', 10_000, () => count.log.includes('ready'));
      ({ inner, directorDevice } = await insertNarrowPath(scene.lab, end, link, mtuBytes));
      client = await scene.peer();
      await scene.lab.ip('director', [`address add ${LOCAL_VIPS.ipv4}/32 dev lo`]);
      await scene.lab.ip('director', [`address add ${LOCAL_VIPS.ipv6}/128 dev lo`]);
      for (const { vip } of VIPS) {
        await scene.balance('tcp', vip, HTTP_VPORT, { to: 80 });
        await scene.balance('tcp', vip, COUNT_VPORT, { to: COUNT_PORT });
        await scene.balance('udp', vip, ECHO_VPORT, { to: 7 });
      }
    });
    after(() => scene.close());

    // What one end has learned it tells the other at the next handshake (MSS), which then has nothing to learn.
    beforeEach(async () => {
      for (const host of ['client', 'rs1'] as const) await forgetMtus(scene.lab, host);
    });

    for (const { vip, cip, family, what } of VIPS) {
      test(`the client learns it on the way up, ${what}`, async () => {
        const program = pythonProgram('tcp_count.py');
        const argv = ['python3', program, 'send', vip, String(COUNT_VPORT), String(BYTES)];
        const { stdout, stderr } = await scene.lab.exec('client', argv);
        assert.equal(stdout.trim(), String(BYTES), stderr.trim().split('\n').at(-1));
        assert.equal(await learnedMtu(scene.lab, 'client', vip), mtuBytes);
      });

      test(`the real server learns it on the way down, ${what}`, async () => {
        const connection = await client.connect(vip, HTTP_VPORT);
        const body = await connection.ask(`/bytes/${BYTES}`, TRANSFER_LIMIT_MS);
        assert.equal(body.length, BYTES);
        assert.equal(await learnedMtu(scene.lab, 'rs1', cip), mtuBytes);
        await connection.close();
      });

      if (end === 'rs1') {
        test(`the client of a masqueraded connection learns it on the way up, ${what}`, async () => {
          const service = endpoint(vip, MASQUERADED_VPORT);
          await scene.adm('-A', '-t', service, '-s', 'rr', '--masquerade', 'all');
          await scene.adm('-a', '-t', service, '-r', scene.destination(vip, 1, COUNT_PORT), '-m');
          const program = pythonProgram('tcp_count.py');
          const argv = ['python3', program, 'send', vip, String(MASQUERADED_VPORT), String(BYTES)];
          const { stdout, stderr } = await scene.lab.exec('client', argv);
          assert.equal(stdout.trim(), String(BYTES), stderr.trim().split('\n').at(-1));
          assert.equal(await learnedMtu(scene.lab, 'client', vip), mtuBytes);
        });
      }

      test(`pings of and to a router on the way, and neighbour discovery there, are as ever, ${what}`, async () => {
        const router = { host: inner, address: linkAddress(end, 'beside', 2)[family] };
        const director = { host: 'director', address: linkAddress(end, 'beside', 1)[family] } as const;
        for (const { host } of [router, director]) {
          for (const device of [directorDevice, 'beside'])
            await scene.lab.exec(host, ['ip', 'neigh', 'flush', 'dev', device]);
        }
        for (const [from, to] of [
          [router.host, director.address],
          [router.host, end === 'client' ? realServer(1)[family] : cip],
          [router.host, vip],
          [director.host, router.address],
        ] as const) {
          // One at a time: for the last of several, ping waits no longer than the others took.
          const words = ['-c', '1', '-W', '2', '-q', to];
          for (let turn = 0; turn < 3; turn++)
            assert.match(await scene.lab.run(from, ['ping', ...words]), /1 received/, `${from} to ${to}`);
        }
      });

      if (link === 'middle' && (vip === VIP.ipv4 || vip === VIP.ipv6)) {
        test(`a trace of the route names every machine on the way, ${family}`, async () => {
          const argv = ['python3', pythonProgram('trace_route.py'), vip, String(ECHO_VPORT), '6'];
          const heard = (await scene.lab.run('client', argv)).trim().split('\n');
          // Beyond the director everything answers as the VIP: ip_vs_nat_icmp().
          // A packet from the wire comes to the kernel by the TUN device, which for IPv6 chooses another of its addresses.
          const isOfLan = process.env.UIPVS_TEST_IO === 'packet' && family === 'ipv6' && end === 'client';
          const director = isOfLan ? DIRECTOR.lanIpv6 : linkAddress('client', 'beside', 1)[family];
          const ways = {
            client: [
              family === 'ipv4' ? '10.0.0.1' : 'fd00::1',
              linkAddress('client', 'middle', 1)[family],
              director,
            ],
            rs1: [family === 'ipv4' ? '10.0.0.1' : 'fd00::1', vip, vip],
          };
          const hops = ways[end].map((who, index) => `${index + 1} ${who} time-exceeded`);
          assert.deepEqual(heard, [...hops, `${hops.length + 1} ${vip} answer`]);
        });
      }
    }
  });
}
