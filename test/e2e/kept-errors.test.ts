/**
 * Theory of operation: ICMP errors that come to an address of the director and concern a connection of a client: to the
 * address that masquerades it, to a VIP that is the director's own, to a client on the director itself. The kernel
 * keeps them, with all other ICMP to its addresses, and the daemon hears them beside it. Where there is a link of small
 * MTU on the way, between two routers, a transfer comes to its end only if the word of it reaches the sender.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { CLIENT, DIRECTOR, type Host, realServer, VIP } from '../lab/topology.js';
import { dissect } from './support/dissection.js';
import { forgetMtus, insertNarrowPath, learnedMtu, linkAddress } from './support/narrow-path.js';
import { readPackets } from './support/packets.js';
import type { Peer } from './support/peer.js';
import { pythonProgram } from './support/program.js';
import { endpoint, Scene } from './support/scene.js';

const LOCAL_VIP = { ipv4: '10.9.0.5', ipv6: 'fd09::5' } as const;
const [HTTP_PORT, COUNT_PORT, CLOSED_PORT, CLOSED_VPORT] = [80, 9001, 9999, 7000];
const BYTES = 300_000;
const TRANSFER_LIMIT_MS = 3000;
const MTU_BYTES = 1400;
const AT_ONCE_MS = 500;

const FAMILIES = ['ipv4', 'ipv6'] as const;

/** Ways to be a service whose errors come to an address of the director. */
const SERVICES: readonly {
  readonly what: string;
  readonly vip: string;
  readonly family: 'ipv4' | 'ipv6';
  readonly isMasqueraded: boolean;
  readonly ports: { readonly http: number; readonly count: number };
}[] = [
  ...FAMILIES.map((family) => ({
    what: `masqueraded, ${family}`,
    ...{ vip: VIP[family], family, isMasqueraded: true, ports: { http: 8001, count: 9001 } },
  })),
  ...FAMILIES.map((family, index) => ({
    what: `to an ${family} VIP of the director`,
    ...{ vip: LOCAL_VIP[family], family, isMasqueraded: false },
    ports: { http: 8002 + 2 * index, count: 9002 + 2 * index },
  })),
  ...FAMILIES.map((family, index) => ({
    what: `masqueraded, to an ${family} VIP of the director`,
    ...{ vip: LOCAL_VIP[family], family, isMasqueraded: true },
    ports: { http: 8003 + 2 * index, count: 9003 + 2 * index },
  })),
];

async function addService(
  scene: Scene,
  option: '-t' | '-u',
  vip: string,
  port: number,
  to: number,
  isMasqueraded: boolean,
): Promise<void> {
  const service = endpoint(vip, port);
  const masquerade = isMasqueraded ? ['--masquerade', 'all'] : [];
  await scene.adm('-A', option, service, '-s', 'rr', ...masquerade);
  await scene.adm('-a', option, service, '-r', scene.destination(vip, 1, to), '-m');
}

async function serveCount(scene: Scene, host: Host): Promise<void> {
  const argv = ['python3', pythonProgram('tcp_count.py'), 'serve', String(COUNT_PORT)];
  const server = scene.lab.spawn(host, argv);
  await server.ready('the counting server', 10_000, () => server.log.includes('ready'));
}

/** Sends bytes from a machine, which all arrive. */
async function sendAll(scene: Scene, from: Host, address: string, port: number): Promise<void> {
  const argv = ['python3', pythonProgram('tcp_count.py'), 'send', address, String(port), String(BYTES)];
  const { stdout, stderr } = await scene.lab.exec(from, argv);
  assert.equal(stdout.trim(), String(BYTES), stderr.trim().split('\n').at(-1));
}

for (const end of ['client', 'rs1'] as const) {
  const between = end === 'client' ? 'client and director' : 'director and real server';

  describe(`with a narrow link between two routers between ${between}`, () => {
    let scene: Scene;
    let client: Peer;
    before(async () => {
      scene = await Scene.open({ realServers: 1 });
      await scene.lab.ip('director', [
        `address add ${LOCAL_VIP.ipv4}/32 dev lo`,
        `address add ${LOCAL_VIP.ipv6}/128 dev lo`,
      ]);
      await insertNarrowPath(scene.lab, end, 'middle', MTU_BYTES);
      client = await scene.peer();
      await serveCount(scene, 'rs1');
      await serveCount(scene, 'client');
      for (const { vip, isMasqueraded, ports } of SERVICES) {
        await addService(scene, '-t', vip, ports.http, HTTP_PORT, isMasqueraded);
        await addService(scene, '-t', vip, ports.count, COUNT_PORT, isMasqueraded);
      }
      for (const vip of [VIP.ipv4, VIP.ipv6]) await addService(scene, '-t', vip, 9009, COUNT_PORT, false);
    });
    after(() => scene.close());

    // What one end has learned it tells the other at the next handshake (MSS), which then has nothing to learn.
    beforeEach(async () => {
      for (const host of ['client', 'director', 'rs1'] as const) await forgetMtus(scene.lab, host);
    });

    for (const { what, vip, family, isMasqueraded, ports } of SERVICES) {
      test(`a client learns it on the way up, ${what}`, async () => {
        await sendAll(scene, 'client', vip, ports.count);
        assert.equal(await learnedMtu(scene.lab, 'client', vip), MTU_BYTES);
      });

      test(`a real server learns it on the way down, ${what}`, async () => {
        const connection = await client.connect(vip, ports.http);
        assert.equal((await connection.ask(`/bytes/${BYTES}`, TRANSFER_LIMIT_MS)).length, BYTES);
        await connection.close();
        const lan = { ipv4: DIRECTOR.lanIpv4, ipv6: DIRECTOR.lanIpv6 };
        const director = end === 'rs1' ? linkAddress('rs1', 'beside', 1) : lan;
        const peer = isMasqueraded ? director[family] : CLIENT[family];
        assert.equal(await learnedMtu(scene.lab, 'rs1', peer), MTU_BYTES);
      });
    }

    for (const family of FAMILIES) {
      const far = { client: CLIENT, rs1: realServer(1) }[end][family];

      test(`the director learns it for connections of its own as ever, ${family}`, async () => {
        await sendAll(scene, 'director', far, COUNT_PORT);
        assert.equal(await learnedMtu(scene.lab, 'director', far), MTU_BYTES);
      });

      test(`the director's pings, and those of it, are answered, ${family}`, async () => {
        for (const [from, to] of [
          ['director', far],
          ['client', DIRECTOR[family === 'ipv4' ? 'lanIpv4' : 'lanIpv6']],
          ['rs1', linkAddress(end, 'beside', 1)[family]],
        ] as const) {
          const words = ['-c', '1', '-W', '2', '-q', to];
          assert.match(await scene.lab.run(from, ['ping', ...words]), /1 received/, `${from} to ${to}`);
        }
      });

      if (end === 'rs1') {
        test(`a client on the director itself learns it on the way up, ${family}`, async () => {
          await sendAll(scene, 'director', VIP[family], 9009);
          assert.equal(await learnedMtu(scene.lab, 'director', VIP[family]), MTU_BYTES);
        });
      }
    }
  });
}

describe('the refusal of a real server behind full NAT', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    await scene.lab.ip('director', [
      `address add ${LOCAL_VIP.ipv4}/32 dev lo`,
      `address add ${LOCAL_VIP.ipv6}/128 dev lo`,
    ]);
    client = await scene.peer();
    for (const vip of [VIP.ipv4, VIP.ipv6, LOCAL_VIP.ipv4, LOCAL_VIP.ipv6])
      await addService(scene, '-u', vip, CLOSED_VPORT, CLOSED_PORT, true);
  });
  after(() => scene.close());

  for (const [index, vip] of [VIP.ipv4, VIP.ipv6, LOCAL_VIP.ipv4, LOCAL_VIP.ipv6].entries()) {
    test(`reaches the client at once, as one of ${vip}, and once only`, async () => {
      const file = path.join(scene.lab.directory, `refusal-${index}.pcap`);
      const capture = await scene.lab.capture('client', 'eth0', file);
      const flow = await client.datagrams(vip, CLOSED_VPORT);
      const startedAt = performance.now();
      await assert.rejects(flow.ask('anybody?'), { code: 'ECONNREFUSED' });
      assert.ok(performance.now() - startedAt < AT_ONCE_MS);
      // What comes later than this would be a second one.
      assert.match(await scene.lab.run('client', ['ping', '-c', '3', '-i', '0.2', '-q', vip]), /3 received/);
      await capture.stop();
      const packets = (await readPackets(file)).map(dissect).filter((packet) => packet !== null);
      const isError = vip.includes(':') ? [58, 1] : [1, 3];
      const errors = packets.filter(
        ({ protocol, transport }) => protocol === isError[0] && transport[0] === isError[1],
      );
      assert.equal(errors.length, 1);
    });
  }

  test('leaves no trace in the daemon where it concerns no connection', async () => {
    const drops = await scene.adm('--drops');
    const direct = await scene.peer('director', 'direct');
    for (const family of FAMILIES) {
      const flow = await direct.datagrams(realServer(1)[family], CLOSED_PORT);
      await assert.rejects(flow.ask('anybody?'), { code: 'ECONNREFUSED' });
    }
    assert.equal(await scene.adm('--drops'), drops);
  });

  test('leaves neighbour discovery to the kernel', async () => {
    for (const host of ['client', 'director', 'rs1'] as const)
      await scene.lab.run(host, ['ip', '-6', 'neigh', 'flush', 'all']);
    for (const [from, to] of [
      ['client', DIRECTOR.ipv6],
      ['rs1', DIRECTOR.lanIpv6],
      ['director', CLIENT.ipv6],
      ['director', realServer(1).ipv6],
    ] as const) {
      assert.match(await scene.lab.run(from, ['ping', '-c', '1', '-W', '2', '-q', to]), /1 received/);
    }
  });
});
