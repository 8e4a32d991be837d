/** Addresses for full NAT that come and go, that are somebody else's, and that outlive the daemon. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../lab/poll.js';
import { VIP } from '../lab/topology.js';
import { combinations, refusedForPorts, sourcesAt } from './support/masquerade.js';
import type { Connection, Peer } from './support/peer.js';
import { endpoint, Scene } from './support/scene.js';

const PORTS = [61000, 61001, 61002] as const;
const ECHO_PORT = 7;
const PATIENCE_MS = 15_000;
const FAMILIES = ['ipv4', 'ipv6'] as const;

async function masquerade(scene: Scene): Promise<void> {
  for (const family of FAMILIES) {
    const vip = VIP[family];
    await scene.adm('-A', '-t', endpoint(vip, ECHO_PORT), '-s', 'rr', '--masquerade', 'all');
    await scene.adm('-a', '-t', endpoint(vip, ECHO_PORT), '-r', scene.destination(vip, 1, ECHO_PORT), '-m');
  }
}

describe('addresses for full NAT that are routed to the director, and answered for on a LAN', () => {
  const ADDRESSES = { ipv4: ['10.8.0.1', '10.1.0.200'], ipv6: ['fd08::1', 'fd01::200'] } as const;
  const args = [
    '--masquerade-ports',
    '61000-61002',
    '--masquerade-addresses',
    [...ADDRESSES.ipv4, ...ADDRESSES.ipv6].join(),
  ];
  const connections: Connection[] = [];
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open({ realServers: 1, uipvs: { args } });
    client = await scene.peer();
    await masquerade(scene);
    for (const family of FAMILIES)
      for (let count = 0; count < 4; count += 1)
        connections.push(await client.connect(VIP[family], ECHO_PORT));
    await scene.uipvs.kill9();
    await scene.restartUipvs({ args });
  });
  after(() => scene.close());

  test('are those of the connections after SIGKILL and a new start', async () => {
    const texts = connections.map((_, index) => `connection ${index}`);
    const echoes = await Promise.all(connections.map((each, index) => each.exchange(texts[index] ?? '')));
    assert.deepEqual(echoes, texts);
  });

  for (const family of FAMILIES) {
    test(`are given to no second connection then, by ${family}`, async () => {
      const fresh = [
        await client.connect(VIP[family], ECHO_PORT),
        await client.connect(VIP[family], ECHO_PORT),
      ];
      for (const [index, each] of fresh.entries())
        assert.equal(await each.exchange(`new ${index}`), `new ${index}`);
      const before = await refusedForPorts(scene);
      assert.equal((await client.refusal(VIP[family], ECHO_PORT)).code, 'ECONNREFUSED');
      assert.equal(await refusedForPorts(scene), before + 1);
      const expected = combinations(ADDRESSES[family], PORTS);
      assert.deepEqual(await sourcesAt(scene, 'rs1', family, ECHO_PORT, 6), expected);
    });
  }
});

describe('an address for full NAT that other hosts and programs have', () => {
  // The director's own; one that another program puts on a device there; one of another host.
  const OWN = { ipv4: '10.1.0.1', ipv6: 'fd01::1' } as const;
  const MOVING = { ipv4: '10.1.0.201', ipv6: 'fd01::201' } as const;
  const FOREIGN = { ipv4: '10.1.0.202', ipv6: 'fd01::202' } as const;
  let scene: Scene;
  let client: Peer;

  const move = async (verb: 'add' | 'del') => {
    const suffix = verb === 'add' ? ' nodad' : '';
    await scene.lab.ip('director', [
      `address ${verb} ${MOVING.ipv4}/32 dev lan0`,
      `address ${verb} ${MOVING.ipv6}/128 dev lan0${suffix}`,
    ]);
  };
  /** The director's addresses that real server 1 saw in a number of connections. */
  const addressesSeen = async (family: 'ipv4' | 'ipv6'): Promise<ReadonlySet<string>> => {
    const seen = new Set<string>();
    for (let count = 0; count < 24; count += 1) {
      const connection = await client.connect(VIP[family], ECHO_PORT);
      assert.equal(await connection.exchange('text'), 'text');
      const [source = ''] = await sourcesAt(scene, 'rs1', family, ECHO_PORT, 1);
      seen.add(source.replace(/:\d+$/, '').replace(/[[\]]/g, ''));
      await connection.abort();
      await sourcesAt(scene, 'rs1', family, ECHO_PORT, 0);
    }
    return seen;
  };
  const logged = (pattern: RegExp, times: number) =>
    until(
      `uipvsd to say ${pattern}`,
      PATIENCE_MS,
      () => [...scene.uipvs.log.matchAll(pattern)].length >= times,
    );

  before(async () => {
    const addresses = FAMILIES.flatMap((family) => [OWN[family], MOVING[family], FOREIGN[family]]);
    scene = await Scene.open({ realServers: 2 });
    await scene.uipvs.stop();
    await scene.lab.ip('rs2', [
      `address add ${FOREIGN.ipv4}/32 dev eth0`,
      `address add ${FOREIGN.ipv6}/128 dev eth0 nodad`,
    ]);
    await move('add');
    await scene.restartUipvs({ args: ['--masquerade-addresses', addresses.join()] });
    client = await scene.peer();
    await masquerade(scene);
  });
  after(() => scene.close());

  test('is used while it is on a device, not while it is gone, and again when it is back', async () => {
    for (const family of FAMILIES)
      assert.deepEqual(await addressesSeen(family), new Set([OWN[family], MOVING[family]]));
    await move('del');
    await logged(/Masquerading address \S+201 is not here now/g, 2);
    for (const family of FAMILIES) assert.deepEqual(await addressesSeen(family), new Set([OWN[family]]));
    await move('add');
    await logged(/Masquerading address \S+201 is here again/g, 2);
    for (const family of FAMILIES)
      assert.deepEqual(await addressesSeen(family), new Set([OWN[family], MOVING[family]]));
  });

  test('is used as soon as the other host has given it up', async () => {
    await scene.lab.ip('rs2', [
      `address del ${FOREIGN.ipv4}/32 dev eth0`,
      `address del ${FOREIGN.ipv6}/128 dev eth0`,
    ]);
    await logged(/Masquerading address \S+202 is here again/g, 2);
    for (const family of FAMILIES) assert.ok((await addressesSeen(family)).has(FOREIGN[family]));
  });

  for (const [what, address, prepare] of [
    ['the broadcast address of a network', '10.1.0.255', null],
    ['one that has a route', '10.7.0.1', 'route add blackhole 10.7.0.1'],
  ] as const) {
    test(`is refused where it is ${what}, in one sentence`, async () => {
      if (prepare !== null) await scene.lab.ip('director', [prepare]);
      await scene.uipvs.stop();
      const attempt = scene.restartUipvs({ args: ['--masquerade-addresses', address] });
      const sentence = `${address} of --masquerade-addresses cannot be used: Virtual address ${address} is already held by`;
      await assert.rejects(attempt, (thrown: Error) => thrown.message.includes(sentence));
      await scene.restartUipvs();
    });
  }
});
