/** Packets that leave past the kernel's IP stack go where the kernel would send them, now and after anything has changed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../lab/poll.js';
import { CLIENT, CLIENT_DEVICE, type Host, LAN_DEVICE, realServer, VIP } from '../lab/topology.js';
import { NumberCounter, NumberSender } from './support/numbers.js';
import type { Peer } from './support/peer.js';
import { pythonProgram } from './support/program.js';
import { endpoint, Scene } from './support/scene.js';
import { packetsPastKernel, packetsToTun } from './support/wire-facts.js';

const METRICS = '127.0.0.1:9100';
const COUNTED_PORT = 7001;
const SOON_MS = 5000;
/** Of an address that two real servers have. */
const SHARED = '10.5.0.5';
const SHARED_PORT = 81;
const VIPS = [VIP.ipv4, VIP.ipv6] as const;

/** The neighbour's address, as the director's kernel has it. */
async function knownMac(scene: Scene, address: string): Promise<string | undefined> {
  const text = await scene.lab.run('director', ['ip', '-json', 'neighbour', 'show', 'to', address]);
  return (JSON.parse(text) as { lladdr?: string }[])[0]?.lladdr;
}

describe('packets that leave straight to their next hop', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open({ realServers: 2, uipvs: { args: ['--metrics', METRICS] } });
    client = await scene.peer();
    for (const vip of VIPS) {
      await scene.balance('tcp', vip, 80, { to: 80, servers: [1] });
      await scene.balance('udp', vip, 7, { to: 7, servers: [1] });
    }
    await scene.balance('udp', VIP.ipv4, COUNTED_PORT, { to: COUNTED_PORT, servers: [1] });
    for (const family of ['ipv4', 'ipv6']) {
      // A neighbour that is gone is found out in two seconds instead of a minute.
      await scene.lab.sysctl('director', {
        [`net.${family}.neigh.${LAN_DEVICE}.base_reachable_time_ms`]: 500,
        [`net.${family}.neigh.${LAN_DEVICE}.delay_first_probe_time`]: 1,
        [`net.${family}.neigh.${LAN_DEVICE}.retrans_time_ms`]: 100,
      });
    }
  });
  after(() => scene.close());

  for (const vip of VIPS) {
    test(`are those of a flow to ${vip}, both ways`, async () => {
      const flow = await client.datagrams(vip, 7);
      await flow.ask('so that both neighbours are known');
      const [pastBefore, toTunBefore] = [
        await packetsPastKernel(scene.lab, METRICS),
        await packetsToTun(scene.lab),
      ];
      for (let number = 0; number < 50; number += 1) assert.equal(await flow.ask(`${number}`), `${number}`);
      assert.ok((await packetsPastKernel(scene.lab, METRICS)) - pastBefore >= 100);
      const toTun = (await packetsToTun(scene.lab)) - toTunBefore;
      assert.ok(toTun < 10, `${toTun} packets were given to the kernel`);
    });
  }

  /** Within a while, as what has changed is noticed. */
  async function answersSoon(vip: string, name: string, port = 80): Promise<void> {
    const ask = async (): Promise<boolean> => {
      const connection = await client.connect(vip, port, { timeoutMs: 500 });
      const answer = await connection.whoAnswers({ isLast: true });
      await connection.close();
      return answer === name;
    };
    // One that the change falls into is reset: it goes on at a server that does not know it.
    await until(`${name} to answer at ${vip}`, 3 * SOON_MS, () => ask().catch(() => false));
  }

  async function unreachableSoon(port: number): Promise<void> {
    await until('the host to be unreachable', 3 * SOON_MS, () =>
      client.refusal(VIP.ipv4, port, 1000).then(
        ({ code }) => code === 'EHOSTUNREACH',
        () => false,
      ),
    );
  }

  async function setMac(host: Host, mac: string): Promise<void> {
    await scene.lab.ip(host, [`link set eth0 address ${mac}`]);
  }

  test('follow a server that is replaced by another one of the same addresses, which announces itself', async () => {
    await scene.lab.sysctl('rs1', {
      'net.ipv4.conf.eth0.arp_notify': 1,
      'net.ipv6.conf.eth0.ndisc_notify': 1,
    });
    const counter = await NumberCounter.start(scene.lab, 'rs1', COUNTED_PORT);
    const sender = await NumberSender.start(scene.lab, 'client', VIP.ipv4, COUNTED_PORT, 2000);
    for (const mac of ['02:00:00:00:01:01', '02:00:00:00:01:02', '02:00:00:00:01:03']) {
      await setMac('rs1', mac);
      await until(
        'the director to know',
        SOON_MS,
        async () => (await knownMac(scene, realServer(1).ipv4)) === mac,
      );
      for (let turn = 0; turn < 100; turn += 1) assert.equal(await client.whoAnswers(VIP.ipv4), 'rs1');
    }
    const { sent } = await sender.stop();
    const { came, again } = await counter.stop();
    // Meanwhile some go to the address that nobody has any more, as from any router.
    assert.equal(again, 0);
    assert.ok(came > sent * 0.8, `${came} of ${sent} came`);
  });

  for (const vip of VIPS) {
    test(`follow one that does not announce itself once its probes fail, to ${vip}`, async () => {
      await scene.lab.sysctl('rs1', {
        'net.ipv4.conf.eth0.arp_notify': 0,
        'net.ipv6.conf.eth0.ndisc_notify': 0,
      });
      const flow = await client.datagrams(vip, 7);
      await answersSoon(vip, 'rs1');
      await setMac('rs1', vip.includes(':') ? '02:00:00:00:01:04' : '02:00:00:00:01:05');
      // The server answers nobody before it has asked for its gateway, and that would tell of it.
      await until('an answer', 3 * SOON_MS, () =>
        flow.ask('name?', 200).then(
          (name) => name === 'rs1',
          () => false,
        ),
      );
    });
  }

  test('become an answer, host unreachable, when the server is gone, and packets again when it is back', async () => {
    assert.equal(await client.whoAnswers(VIP.ipv4), 'rs1');
    await scene.lab.ip('rs1', ['link set eth0 down']);
    await unreachableSoon(80);
    await scene.lab.ip('rs1', ['link set eth0 up', 'route add default via 10.1.0.1']);
    await answersSoon(VIP.ipv4, 'rs1');
    await scene.lab.ip('rs1', [
      'address replace fd01::11/64 dev eth0 nodad',
      'route replace ::/0 via fd01::1',
    ]);
    assert.equal(await client.whoAnswers(VIP.ipv6), 'rs1');
  });

  test('follow a route that is changed, given an MTU, or taken away', async () => {
    for (const host of ['rs1', 'rs2'] as const) await scene.lab.ip(host, [`address add ${SHARED}/32 dev lo`]);
    const through = (index: number) => `route replace ${SHARED}/32 via ${realServer(index).ipv4}`;
    await scene.lab.ip('director', [through(1)]);
    for (const port of [SHARED_PORT, SHARED_PORT + 1]) {
      const service = endpoint(VIP.ipv4, port);
      await scene.adm('-A', '-t', service, '-s', 'rr');
      await scene.adm('-a', '-t', service, '-r', endpoint(SHARED, port === SHARED_PORT ? 80 : 7), '-m');
    }
    await answersSoon(VIP.ipv4, 'rs1', SHARED_PORT);
    await scene.lab.ip('director', [through(2)]);
    await answersSoon(VIP.ipv4, 'rs2', SHARED_PORT);
    const echo = await client.connect(VIP.ipv4, SHARED_PORT + 1);
    const text = 'x'.repeat(50_000);
    assert.equal(await echo.exchange(text), text);
    await scene.lab.ip('director', [`${through(2)} mtu 1000`]);
    assert.equal(await echo.exchange(text), text);
    await echo.close();
    await scene.lab.ip('director', [`route replace unreachable ${SHARED}/32`]);
    await unreachableSoon(SHARED_PORT);
    await scene.lab.ip('director', [through(1)]);
    await answersSoon(VIP.ipv4, 'rs1', SHARED_PORT);
  });

  test('go by the kernel where they are too long for a link whose MTU was lowered', async () => {
    const flow = await client.datagrams(VIP.ipv4, 7);
    const text = 'y'.repeat(1400);
    assert.equal(await flow.ask(text), text);
    await scene.lab.ip('director', [`link set ${LAN_DEVICE} mtu 1300`]);
    await until('the client to send fragments', SOON_MS, () =>
      flow.ask(text, 500).then(
        (answer) => answer === text,
        () => false,
      ),
    );
    await scene.lab.ip('director', [`link set ${LAN_DEVICE} mtu 1500`]);
  });

  test('go on when the link towards the clients was down', async () => {
    await scene.lab.sysctl('director', { [`net.ipv6.conf.${CLIENT_DEVICE}.keep_addr_on_down`]: 1 });
    for (let turn = 0; turn < 3; turn += 1) {
      await scene.lab.ip('director', [`link set ${CLIENT_DEVICE} down`]);
      await scene.lab.ip('director', [`link set ${CLIENT_DEVICE} up`]);
      for (const vip of VIPS) {
        await answersSoon(vip, 'rs1');
      }
    }
  });

  test('go to gateways that have a link-local address, of their own family and of the other', async () => {
    const links = JSON.parse(
      await scene.lab.run('client', ['ip', '-json', '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'link']),
    ) as { addr_info: { local?: string }[] }[];
    const [gateway] = links.flatMap((link) => link.addr_info.flatMap(({ local }) => local ?? []));
    await scene.lab.ip('client', ['address add 10.7.0.2/32 dev lo', 'address add fd07::2/128 dev lo']);
    await scene.lab.ip('director', [
      `route add fd07::2/128 via ${gateway} dev ${CLIENT_DEVICE}`,
      `route add 10.7.0.2/32 via inet6 ${gateway} dev ${CLIENT_DEVICE}`,
    ]);
    for (const [vip, source] of [
      [VIP.ipv6, 'fd07::2'],
      [VIP.ipv4, '10.7.0.2'],
    ] as const) {
      const url = `http://${endpoint(vip, 80)}/bytes/300000`;
      const before = await packetsPastKernel(scene.lab, METRICS);
      const curl = [
        'curl',
        '-sS',
        '-g',
        '-m',
        '5',
        '--interface',
        source,
        '-o',
        '/dev/null',
        '-w',
        '%{size_download}',
      ];
      assert.equal(await scene.lab.run('client', [...curl, url]), '300000');
      assert.ok((await packetsPastKernel(scene.lab, METRICS)) > before + 5, 'replies went by the kernel');
    }
  });

  test('are given to the kernel where the next hop is no Ethernet', async () => {
    const cable = scene.lab.spawn('director', [
      'python3',
      pythonProgram('tun_cable.py'),
      scene.lab.namespace('rs2'),
      'cable0',
    ]);
    await cable.ready('the cable', SOON_MS, () => cable.log.includes('ready'));
    await scene.lab.ip('director', ['link set cable0 up', 'address add 10.6.0.1/24 dev cable0']);
    await scene.lab.ip('rs2', ['link set cable0 up', 'address add 10.6.0.2/24 dev cable0']);
    await scene.lab.ip('rs2', [`route replace ${CLIENT.ipv4}/32 via 10.6.0.1`]);
    await scene.adm('-A', '-t', endpoint(VIP.ipv4, 83), '-s', 'rr');
    await scene.adm('-a', '-t', endpoint(VIP.ipv4, 83), '-r', '10.6.0.2:80', '-m');
    const before = await packetsToTun(scene.lab);
    const connection = await client.connect(VIP.ipv4, 83);
    assert.equal((await connection.ask('/bytes/300000')).length, 300_000);
    await connection.close();
    assert.ok((await packetsToTun(scene.lab)) > before + 5);
  });
});

describe('with --reinject tun', () => {
  let scene: Scene;
  before(async () => {
    const args = ['--io', 'tun', '--reinject', 'tun', '--metrics', METRICS];
    scene = await Scene.open({ realServers: 1, uipvs: { args } });
    for (const vip of VIPS) await scene.balance('tcp', vip, 80, { to: 80 });
  });
  after(() => scene.close());

  for (const vip of VIPS) {
    test(`every packet leaves by the TUN device, of ${vip} too`, async () => {
      const client = await scene.peer('client', `client-of-${vip.length}`);
      const before = await packetsToTun(scene.lab);
      const connection = await client.connect(vip, 80);
      assert.equal((await connection.ask('/bytes/1000000')).length, 1_000_000);
      await connection.close();
      assert.equal(await packetsPastKernel(scene.lab, METRICS), 0);
      assert.ok((await packetsToTun(scene.lab)) > before + 20);
    });
  }
});
