import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServers } from '../lab/servers.js';
import { CLIENT, DIRECTOR, VIP } from '../lab/topology.js';
import { insertNarrowPath } from './support/narrow-path.js';
import type { Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

/** No service has these addresses; the route to them leads to the director. */
const ANYWHERE = { ipv4: '10.9.0.200', ipv6: 'fd09::200' };
const RULES = `
table inet marks {
  chain prerouting {
    type filter hook prerouting priority mangle;
    ip daddr ${ANYWHERE.ipv4} tcp dport { 80, 7 } meta mark set 5
    ip daddr ${ANYWHERE.ipv4} udp dport 7 meta mark set 5
    ip6 daddr ${ANYWHERE.ipv6} tcp dport 80 meta mark set 6
    ip daddr ${VIP.ipv4} tcp dport 80 ip saddr 10.0.0.2 meta mark set 5
  }
}
`;

describe('a firewall-mark service', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open();
    client = await scene.peer();
    await scene.lab.run('director', ['nft', RULES]);
    await scene.adm('-A', '-f', '5', '-s', 'rr', '-p', '60');
    await scene.adm('-A', '-f', '6', '-6', '-s', 'rr');
    for (const index of [1, 2, 3]) {
      await scene.adm(
        '-a',
        '-f',
        '5',
        '-r',
        scene.destination(ANYWHERE.ipv4, index, 0).replace(/:0$/, ''),
        '-m',
      );
      await scene.adm('-a', '-f', '6', '-6', '-r', scene.destination(ANYWHERE.ipv6, index, 80), '-m');
    }
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
  });
  after(() => scene.close());

  test('takes every packet with the mark, whatever its address, protocol and port, for one template', async () => {
    const name = await client.whoAnswers(ANYWHERE.ipv4);
    assert.equal(await client.whoAnswers(ANYWHERE.ipv4), name);
    const flow = await client.datagrams(ANYWHERE.ipv4, 7);
    assert.equal(await flow.ask('name?'), name);
    const listing = await scene.adm('-Lnc');
    assert.match(listing, /^IP +\d\d:\d\d +ASSURED +10\.0\.0\.2:0 +0\.0\.0\.5:0 +10\.1\.0\.1\d:0$/m);
  });

  test('takes datagrams in fragments of which only the first has the mark', async () => {
    const flow = await client.datagrams(ANYWHERE.ipv4, 7);
    for (const bytes of [2000, 60_000]) {
      const text = 'x'.repeat(bytes);
      assert.equal(await flow.ask(text), text);
    }
  });

  test('leaves other fragments and pings to the director', async () => {
    await startServers(scene.lab, 'director', { udpEcho: 9, listen: DIRECTOR.ipv4 });
    const text = 'y'.repeat(5000);
    assert.equal(await (await client.datagrams(DIRECTOR.ipv4, 9)).ask(text), text);
    for (const address of [DIRECTOR.ipv4, DIRECTOR.ipv6]) {
      for (const bytes of ['56', '5000']) {
        const words = ['-c', '1', '-W', '2', '-s', bytes, '-q', address];
        assert.match(await scene.lab.run('client', ['ping', ...words]), /1 received/);
      }
    }
  });

  test('comes before the service by address', async () => {
    const before = await scene.destinations('tcp', VIP.ipv4, 80);
    const names = new Set<string>();
    for (let count = 0; count < 4; count += 1) names.add(await client.whoAnswers(VIP.ipv4));
    assert.equal(names.size, 1);
    assert.deepEqual(await scene.destinations('tcp', VIP.ipv4, 80), before);
  });

  test('balances IPv6 by its own mark', async () => {
    const names: string[] = [];
    for (let count = 0; count < 3; count += 1) names.push(await client.whoAnswers(ANYWHERE.ipv6));
    assert.deepEqual(names.toSorted(), ['rs1', 'rs2', 'rs3']);
  });

  test('leaves no device and no rule behind when it is deleted', async () => {
    await scene.adm('-D', '-f', '5');
    await scene.adm('-D', '-f', '6', '-6');
    const links = await scene.lab.run('director', ['ip', '-o', 'link']);
    assert.doesNotMatch(links, /uipvs0m/);
    assert.doesNotMatch(await scene.lab.run('director', ['ip', 'rule']), /fwmark/);
    assert.doesNotMatch(await scene.lab.run('director', ['ip', '-6', 'rule']), /fwmark/);
  });
});

describe('a firewall-mark service of clients behind a link with a small MTU', () => {
  const BYTES = 300_000;
  const TRANSFER_LIMIT_MS = 3000;
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    await insertNarrowPath(scene.lab, 'client', 'middle', 1300);
    client = await scene.peer();
    await scene.lab.run('director', ['nft', RULES]);
    for (const [mark, family, address] of [
      ['5', [], ANYWHERE.ipv4],
      ['6', ['-6'], ANYWHERE.ipv6],
    ] as const) {
      await scene.adm('-A', '-f', mark, ...family, '-s', 'rr');
      await scene.adm('-a', '-f', mark, ...family, '-r', scene.destination(address, 1, 80), '-m');
    }
  });
  after(() => scene.close());

  for (const [family, address, cip] of [
    ['IPv4', ANYWHERE.ipv4, CLIENT.ipv4],
    ['IPv6', ANYWHERE.ipv6, CLIENT.ipv6],
  ] as const) {
    test(`lets its real server learn that by ICMP errors, which have no mark, ${family}`, async () => {
      const connection = await client.connect(address, 80);
      assert.equal((await connection.ask(`/bytes/${BYTES}`, TRANSFER_LIMIT_MS)).length, BYTES);
      await connection.close();
      assert.match(await scene.lab.run('rs1', ['ip', 'route', 'get', cip]), /mtu 1300/);
    });
  }
});
