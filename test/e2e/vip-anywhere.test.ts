/**
 * Theory of operation: virtual addresses that another program moves from machine to machine, as keepalived does; a
 * whole subnet of them; and a real server on the director itself.
 *
 *   visitor 10.5.0.3 --+-- [segment] --+-- lan1 10.5.0.1 [director] -- real servers
 *                      |
 *                      +-- standby 10.5.0.2, a web server of its own
 */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { after, before, describe, test } from 'node:test';
import type { Child } from '../lab/child.js';
import { until } from '../lab/poll.js';
import { requirements } from '../lab/requirements.js';
import { startServers } from '../lab/servers.js';
import { DIRECTOR, type Host, VIP } from '../lab/topology.js';
import { addMachine, joinMachines } from './support/machine.js';
import type { Peer } from './support/peer.js';
import { endpoint, Scene } from './support/scene.js';

const MOVES = 8;
const TAKE_OVER_MS = 20_000;
/** Longer than the daemon's period of looking at its addresses, 5 s. */
const WATCH_MS = 7000;
const SEGMENT = {
  ipv4: { vip: '10.5.0.100', prefix: 24, of: (index: number) => `10.5.0.${index}` },
  ipv6: { vip: 'fd05::100', prefix: 64, of: (index: number) => `fd05::${index}` },
} as const;
const FAMILIES = ['ipv4', 'ipv6'] as const;

async function keepalived(scene: Scene, host: Host, device: string, priority: number): Promise<Child> {
  const instance = (family: 'ipv4' | 'ipv6', id: number) => `
vrrp_instance ${family} {
  interface ${device}
  state BACKUP
  virtual_router_id ${id}
  priority ${priority}
  advert_int 0.2
  version 3
  virtual_ipaddress { ${SEGMENT[family].vip}/${SEGMENT[family].prefix} }
}`;
  const path = `${scene.lab.directory}/keepalived-${host}.conf`;
  const globals = `global_defs {\n  vrrp_version 3\n  router_id ${host}\n}\n`;
  const text = `${globals}${instance('ipv4', 51)}${instance('ipv6', 52)}\n`;
  await writeFile(path, text.replaceAll('  version 3\n', ''));
  const files = ['pid', 'vrrp_pid', 'checkers_pid'].map((kind) => `--${kind}=${path}.${kind}`);
  return scene.lab.spawn(host, ['keepalived', '-n', '-l', '-P', '-f', path, ...files]);
}

describe('a VIP that keepalived moves between two machines', {
  skip: requirements(['keepalived']) ?? false,
}, () => {
  let scene: Scene;
  let visitor: Peer;
  let standby: Host;
  before(async () => {
    scene = await Scene.open();
    const segment = await addMachine(scene.lab, 'segment', 'end');
    await scene.lab.ip(segment, [
      'link add br0 type bridge forward_delay 0 mcast_snooping 0',
      'link set br0 up',
    ]);
    standby = await addMachine(scene.lab, 'standby', 'end');
    const client = await addMachine(scene.lab, 'visitor', 'end');
    for (const [index, host, device] of [
      [1, 'director', 'lan1'],
      [2, standby, 'eth0'],
      [3, client, 'eth0'],
    ] as const) {
      await joinMachines(scene.lab, { host, device }, { host: segment, device: `port${index}` });
      await scene.lab.ip(segment, [`link set port${index} master br0`]);
      await scene.lab.ip(host, [
        `address add ${SEGMENT.ipv4.of(index)}/24 dev ${device}`,
        `address add ${SEGMENT.ipv6.of(index)}/64 dev ${device} nodad`,
      ]);
    }
    await startServers(scene.lab, standby, { http: 80 });
    for (const family of FAMILIES) await scene.balance('tcp', SEGMENT[family].vip, 80, { to: 80 });
    visitor = await scene.peer(client);
  });
  after(() => scene.close());

  /** Until the visitor is answered by a name that fits, in both families. */
  async function becomes(pattern: RegExp): Promise<void> {
    for (const family of FAMILIES) {
      await until(`an answer by ${pattern}, ${family}`, TAKE_OVER_MS, async () =>
        pattern.test(await visitor.whoAnswers(SEGMENT[family].vip).catch(() => '')),
      );
    }
  }

  /** Asserts that it stays so while the director looks at its addresses twice. */
  async function stays(pattern: RegExp): Promise<void> {
    const end = performance.now() + WATCH_MS;
    while (performance.now() < end) {
      for (const family of FAMILIES) assert.match(await visitor.whoAnswers(SEGMENT[family].vip), pattern);
    }
  }

  test('is balanced where it is, left to the other where it is not, and balanced again', async () => {
    const master = await keepalived(scene, 'director', 'lan1', 150);
    await until('addresses that keepalived has put on the director', TAKE_OVER_MS, async () =>
      (await scene.lab.run('director', ['ip', 'address', 'show', 'lan1'])).includes(SEGMENT.ipv6.vip),
    );
    await becomes(/^rs[123]$/);
    await keepalived(scene, standby, 'eth0', 100);
    await stays(/^rs[123]$/);
    await master.stop();
    await becomes(/^standby$/);
    await stays(/^standby$/);
    const again = await keepalived(scene, 'director', 'lan1', 150);
    await becomes(/^rs[123]$/);
    await stays(/^rs[123]$/);
    await again.stop();
    await becomes(/^standby$/);
  });
});

describe('a VIP that comes to a device of the director and goes', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open();
    client = await scene.peer();
  });
  after(() => scene.close());

  for (const { family, what, vip, prefix, device } of [
    { family: 'IPv4', what: 'in a subnet of the client', vip: '10.0.0.100', prefix: 24, device: 'client0' },
    { family: 'IPv6', what: 'in a subnet of the client', vip: 'fd00::100', prefix: 64, device: 'client0' },
    { family: 'IPv4', what: 'that is only routed', vip: VIP.ipv4, prefix: 32, device: 'lo' },
    { family: 'IPv6', what: 'that is only routed', vip: VIP.ipv6, prefix: 128, device: 'lo' },
  ] as const) {
    test(`${what}: neither old connections nor new ones notice, ${family}`, async () => {
      await scene.balance('tcp', vip, 80, { to: 80 });
      const address = `${vip}/${prefix} dev ${device}`;
      const nodad = family === 'IPv6' ? ' nodad' : '';
      if (prefix >= 32 && device === 'lo') {
        // The first time it is seen there a little later: nobody could know.
        await scene.lab.ip('director', [`address add ${address}${nodad}`]);
        await until('a rule for the service', TAKE_OVER_MS, async () =>
          (await scene.lab.run('director', ['ip', family === 'IPv6' ? '-6' : '-4', 'rule'])).includes(
            ` ${vip} `,
          ),
        );
        await scene.lab.ip('director', [`address del ${address}`]);
      }
      await until('an answer', TAKE_OVER_MS, async () =>
        /^rs/.test(await client.whoAnswers(vip).catch(() => '')),
      );
      const held = await client.connect(vip, 80);
      for (let move = 0; move < MOVES; move++) {
        for (const change of [`address add ${address}${nodad}`, `address del ${address}`]) {
          await scene.lab.ip('director', [change]);
          for (let turn = 0; turn < 4; turn++) {
            assert.equal((await held.ask('/bytes/20000')).length, 20_000, change);
            assert.match(await client.whoAnswers(vip), /^rs[123]$/, change);
          }
        }
      }
      await held.close();
    });
  }
});

describe('a whole subnet of VIPs', () => {
  const COUNT = 80;
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open();
    client = await scene.peer();
  });
  after(() => scene.close());

  for (const { family, ip, network, length, of } of [
    { family: 'IPv4', ip: '-4', network: '10.9.7.0', length: 24, of: (index: number) => `10.9.7.${index}` },
    { family: 'IPv6', ip: '-6', network: 'fd09:7::', length: 64, of: (index: number) => `fd09:7::${index}` },
  ] as const) {
    const lines = (verb: 'add' | 'del') =>
      Array.from({ length: COUNT }, (_, index) => {
        const service = endpoint(of(index + 1), 80);
        const destination = scene.destination(network, 1 + (index % 3), 80);
        return verb === 'add'
          ? [`-A -t ${service} -s rr`, `-a -t ${service} -r ${destination} -m`]
          : [`-D -t ${service}`];
      }).flat();

    test(`services on many addresses that are only routed, ${family}`, async () => {
      await scene.uipvs.restore(lines('add'));
      for (let index = 0; index < COUNT; index += 1)
        assert.equal(await client.whoAnswers(of(index + 1)), `rs${1 + (index % 3)}`);
      await scene.uipvs.restore(lines('del'));
    });

    test(`and on many addresses of a subnet that is the director's own, ${family}`, async () => {
      await scene.lab.ip('director', [`route add local ${network}/${length} dev lo`]);
      // A program may have an IPv6 address of such a subnet only if it asks for it especially, or with this.
      await scene.lab.sysctl('director', { 'net.ipv6.ip_nonlocal_bind': 1 });
      await startServers(scene.lab, 'director', { tcpEcho: 22, listen: of(COUNT + 5) });
      await scene.uipvs.restore(lines('add'));
      for (let index = 0; index < COUNT; index += 1)
        assert.equal(await client.whoAnswers(of(index + 1)), `rs${1 + (index % 3)}`);
      const rules = (await scene.lab.run('director', ['ip', ip, 'rule'])).trim().split('\n');
      assert.ok(rules.length < 40, `${rules.length} rules`);
      const own = await client.connect(of(COUNT + 5), 22);
      assert.equal(await own.exchange('ssh, say'), 'ssh, say');
      await own.close();
      // Not a service's, but in the range: the director refuses as it would without us.
      assert.equal((await client.refusal(of(COUNT + 6), 80)).code, 'ECONNREFUSED');
      await scene.uipvs.restore(lines('del'));
      await scene.lab.ip('director', [`route del local ${network}/${length} dev lo`]);
    });

    test(`and a firewall mark for all of it, ${family}`, async () => {
      const six = family === 'IPv6' ? ['-6'] : [];
      const header = family === 'IPv6' ? 'ip6' : 'ip';
      await scene.lab.run('director', [
        'nft',
        `table inet subnet${length} { chain pre { type filter hook prerouting priority mangle; ${header} daddr ${network}/${length} meta mark set 9; }; }`,
      ]);
      await scene.adm('-A', '-f', '9', ...six, '-s', 'rr');
      for (const index of [1, 2, 3])
        await scene.adm('-a', '-f', '9', ...six, '-r', scene.destination(network, index, 80), '-m');
      const names = new Set<string>();
      for (const index of [1, 77, 99, 200]) names.add(await client.whoAnswers(of(index), 80 + index));
      assert.deepEqual([...names].sort(), ['rs1', 'rs2', 'rs3']);
      await scene.adm('-D', '-f', '9', ...six);
      await scene.lab.run('director', ['nft', 'delete', 'table', 'inet', `subnet${length}`]);
    });
  }
});

describe('a real server on the director itself', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    client = await scene.peer();
    for (const listen of [DIRECTOR.ipv4, DIRECTOR.ipv6])
      await startServers(scene.lab, 'director', { http: 8080, udpEcho: 7, listen });
  });
  after(() => scene.close());

  for (const family of FAMILIES) {
    test(`serves, and its refusals come from the VIP, ${family}`, async () => {
      const vip = VIP[family];
      for (const [option, port, to] of [
        ['-t', 80, 8080],
        ['-t', 81, 8081],
        ['-u', 7777, 7],
        ['-u', 7778, 9],
      ] as const) {
        const service = endpoint(vip, port);
        await scene.adm('-A', option, service, '-s', 'rr');
        await scene.adm('-a', option, service, '-r', endpoint(DIRECTOR[family], to), '-m');
      }
      assert.equal(await client.whoAnswers(vip), 'director');
      assert.equal(await (await client.datagrams(vip, 7777)).ask('name?'), 'director');
      assert.equal((await client.refusal(vip, 81)).code, 'ECONNREFUSED');
      await assert.rejects((await client.datagrams(vip, 7778)).ask('anybody?'), { code: 'ECONNREFUSED' });
      // And the director's own refusals are its own.
      await assert.rejects((await client.datagrams(DIRECTOR[family], 10)).ask('anybody?'), {
        code: 'ECONNREFUSED',
      });
    });
  }
});
