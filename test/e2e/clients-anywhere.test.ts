import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServers } from '../lab/servers.js';
import { CLIENT, DIRECTOR, type Host, realServer, VIP } from '../lab/topology.js';
import { addMachine, joinMachines } from './support/machine.js';
import type { Connection, Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

const UDP_VPORT = 7777;
const BULK_BYTES = 300_000;
const OWN_VIP = { ipv4: '10.9.0.2', ipv6: 'fd09::2' } as const;
const FAMILIES = ['ipv4', 'ipv6'] as const;

/** A connection and a datagram each, and enough of the connection for super-packets. */
async function assertServed(client: Peer, vip: string): Promise<void> {
  const connection = await client.connect(vip, 80);
  assert.match(await connection.ask('/'), /^rs[123]\n$/);
  assert.equal((await connection.ask(`/bytes/${BULK_BYTES}`)).length, BULK_BYTES);
  await connection.close();
  assert.match(await (await client.datagrams(vip, UDP_VPORT)).ask('name?'), /^rs[123]$/);
  assert.equal((await client.refusal(vip, 81)).code, 'ECONNREFUSED');
}

describe('a client is served', () => {
  let scene: Scene;
  before(async () => {
    scene = await Scene.open();
    for (const family of FAMILIES) {
      await scene.balance('tcp', VIP[family], 80, { to: 80 });
      await scene.balance('udp', VIP[family], UDP_VPORT, { to: 7 });
    }
  });
  after(() => scene.close());

  describe('in a container behind a bridge of the director', () => {
    let container: Host;
    before(async () => {
      container = await addMachine(scene.lab, 'container', 'end');
      await scene.lab.ip('director', [
        'link add docker0 type bridge forward_delay 0 mcast_snooping 0',
        'link set docker0 up',
        'address add 172.30.0.1/24 dev docker0',
        'address add fd30::1/64 dev docker0 nodad',
      ]);
      await joinMachines(
        scene.lab,
        { host: 'director', device: 'veth0' },
        { host: container, device: 'eth0' },
      );
      await scene.lab.ip('director', ['link set veth0 master docker0']);
      await scene.lab.ip(container, [
        'address add 172.30.0.2/24 dev eth0',
        'address add fd30::2/64 dev eth0 nodad',
        'route add default via 172.30.0.1',
        'route add ::/0 via fd30::1',
      ]);
    });

    for (const family of FAMILIES) {
      test(`by its ${family} address`, async () => {
        await assertServed(await scene.peer(container, family), VIP[family]);
      });
    }

    test('whose address the director hides from others, and the real servers see its own', async () => {
      // What container engines do. A VIP's packets must not be caught by it: the real server answers to the container.
      await scene.lab.run('director', ['nft', '-f', '-'], {
        input: `table ip hide { chain post { type nat hook postrouting priority srcnat;
          ip saddr 172.30.0.0/24 oifname client0 masquerade; };}`,
      });
      const peer = await scene.peer(container, 'hidden');
      const connection = await peer.connect(VIP.ipv4, 80);
      assert.match(await connection.ask('/peer'), /^::ffff:172\.30\.0\.2 \d+\n$/);
      await connection.close();
      await scene.lab.run('director', ['nft', 'delete', 'table', 'ip', 'hide']);
    });
  });

  describe('that is itself a real server of another service', () => {
    const director = { ipv4: DIRECTOR.lanIpv4, ipv6: DIRECTOR.lanIpv6 } as const;
    before(async () => {
      // Real server 1 alone serves. Both are on one LAN, so that its answers would not come back by the director.
      for (const family of FAMILIES) {
        await scene.balance('tcp', OWN_VIP[family], 80, { to: 80, servers: [1] });
        await scene.balance('udp', OWN_VIP[family], UDP_VPORT, { to: 7, servers: [1] });
        await scene.balance('tcp', OWN_VIP[family], 82, { to: 80, servers: [2] });
      }
    });

    for (const family of FAMILIES) {
      test(`by its ${family} address, and goes on serving`, async () => {
        const caller = await scene.peer('rs2', family);
        await assertServed(caller, OWN_VIP[family]);
        const connection = await caller.connect(OWN_VIP[family], 80);
        assert.match(await connection.ask('/peer'), new RegExp(`${director[family]} \\d+\\n$`));
        await connection.close();
        const client = await scene.peer('client', `beside-${family}`);
        assert.equal(await client.whoAnswers(OWN_VIP[family], 82), 'rs2');
        assert.equal(await caller.whoAnswers(OWN_VIP[family], 80), 'rs1');
      });
    }
  });

  describe('of two behind one address', () => {
    /** The one address has this many ports for both, so that each port serves one client soon after the other. */
    const PORTS = 10;
    const clients: Peer[] = [];
    before(async () => {
      await scene.lab.sysctl('client', { 'net.ipv4.ip_forward': 1 });
      await scene.lab.run('client', ['nft', '-f', '-'], {
        input: `table ip nat { chain post { type nat hook postrouting priority srcnat;
          ip saddr 192.168.0.0/16 tcp dport 80 masquerade to :40000-${40_000 + PORTS - 1};
          ip saddr 192.168.0.0/16 masquerade; };}`,
      });
      // A port is free again as soon as its connection is over, not after the two minutes of TIME_WAIT.
      await scene.lab.sysctl('client', {
        'net.netfilter.nf_conntrack_tcp_timeout_time_wait': 0,
        'net.netfilter.nf_conntrack_tcp_loose': 0,
      });
      for (const number of [1, 2]) {
        const host = await addMachine(scene.lab, `hidden${number}`, 'end');
        const device = `hidden${number}`;
        await joinMachines(scene.lab, { host: 'client', device }, { host, device: 'eth0' });
        await scene.lab.ip('client', [`address add 192.168.${number}.1/24 dev ${device}`]);
        await scene.lab.ip(host, [
          `address add 192.168.${number}.2/24 dev eth0`,
          `route add default via 192.168.${number}.1`,
        ]);
        clients.push(await scene.peer(host));
      }
    });

    test('who use the same source ports at the same time', async () => {
      const held: Connection[] = [];
      for (const localPort of [50_001, 50_002, 50_003]) {
        for (const client of clients) held.push(await client.connect(VIP.ipv4, 80, { localPort }));
      }
      const ports = await Promise.all(held.map((connection) => connection.ask('/peer')));
      assert.ok(
        ports.every((line) => line.startsWith(`::ffff:${CLIENT.ipv4} `)),
        `seen were ${ports}`,
      );
      assert.equal(new Set(ports).size, held.length);
      for (const connection of held) await connection.close();
    });

    test('whose one address uses a port again as soon as it is free', async () => {
      const seen = new Map<string, number>();
      for (let turn = 0; turn < PORTS * 6; turn += 1) {
        const connection = await clients[turn % 2]!.connect(VIP.ipv4, 80);
        const port = (await connection.ask('/peer')).trim();
        seen.set(port, (seen.get(port) ?? 0) + 1);
        assert.equal((await connection.ask('/bytes/5000')).length, 5000);
        await connection.close();
      }
      assert.ok(Math.max(...seen.values()) > 1, 'no port was used twice');
    });

    test('who send datagrams from the same source port', async () => {
      const flows = await Promise.all(clients.map((client) => client.datagrams(VIP.ipv4, UDP_VPORT, 50_100)));
      for (const text of ['one', 'two', 'three']) {
        for (const [index, flow] of flows.entries())
          assert.equal(await flow.ask(`${text}${index}`), `${text}${index}`);
      }
    });
  });
});

describe("a real server's own traffic passes the director as it is", () => {
  let scene: Scene;
  let server: Peer;
  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    await startServers(scene.lab, 'client', { http: 8080, tcpEcho: 7007, udpEcho: 5353 });
    for (const family of FAMILIES) {
      await scene.balance('tcp', VIP[family], 80, { to: 80 });
      await scene.balance('udp', VIP[family], UDP_VPORT, { to: 7 });
    }
    server = await scene.peer('rs1');
  });
  after(() => scene.close());

  for (const family of FAMILIES) {
    const outside = CLIENT[family];
    const own = realServer(1)[family];

    test(`a question to a resolver outside, ${family}`, async () => {
      assert.equal(await (await server.datagrams(outside, 5353)).ask('name?'), 'client');
    });

    test(`a download, under its own address, ${family}`, async () => {
      const connection = await server.connect(outside, 8080);
      assert.match(await connection.ask('/peer'), new RegExp(`${own} ${connection.localPort}\\n$`));
      assert.equal((await connection.ask(`/bytes/${BULK_BYTES}`)).length, BULK_BYTES);
      await connection.close();
    });

    test(`an upload, ${family}`, async () => {
      const connection = await server.connect(outside, 7007);
      const text = 'own traffic '.repeat(20_000);
      assert.equal(await connection.exchange(text), text);
      await connection.close();
    });

    test(`a ping, small and in fragments, ${family}`, async () => {
      for (const bytes of ['56', '4000']) {
        // One at a time: for the last of several, ping waits no longer than the others took.
        const words = ['-c', '1', '-W', '2', '-s', bytes, '-q', outside];
        for (let turn = 0; turn < 2; turn++)
          assert.match(await scene.lab.run('rs1', ['ping', ...words]), /1 received/);
      }
    });

    test(`a datagram of 60,000 bytes in fragments, both ways, ${family}`, async () => {
      const text = 'own fragments '.repeat(4300).slice(0, 60_000);
      assert.equal(await (await server.datagrams(outside, 5353)).ask(text), text);
    });

    test(`a refusal, ${family}`, async () => {
      assert.equal((await server.refusal(outside, 4)).code, 'ECONNREFUSED');
      await assert.rejects((await server.datagrams(outside, 4)).ask('anybody?'), { code: 'ECONNREFUSED' });
    });

    test(`a client's own connection to the real server's address, past the VIP, ${family}`, async () => {
      const client = await scene.peer('client', `past-${family}`);
      const connection = await client.connect(own, 7);
      assert.equal(await connection.exchange('straight'), 'straight');
      await connection.close();
    });
  }
});
