/** Firewall marks: which packets come to a mark's device, and what is left when it goes. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { markDeviceName } from '../../src/host/firewall-mark.js';
import { tableOfMark } from '../../src/host/table.js';
import { DEVICE, mark, NamespacePair, type Plumbing, rip, SKIP, TABLE, vip } from './namespace-pair.js';
import type { Call } from './plumbing-child.js';

const MARK_DEVICE = 'uipvs0m1';
/** A whole packet, which shows its ports. */
const CLIENT = 'from 10.0.0.77 iif eth0 ipproto udp sport 5 dport 53';
/** 2147483648 with 7117 from bit 16 on, and mark 1. */
const MARK_TABLE = 2_613_903_361;

const add = (argument: unknown): Call => ({ method: 'addFirewallMark', argument });
const remove = (argument: unknown): Call => ({ method: 'removeFirewallMark', argument });
const close: Call = { method: 'close' };

describe('names and tables of firewall marks', () => {
  for (const [device, number, name] of [
    ['uipvs0', 1, 'uipvs0m1'],
    ['uipvs0', 0xffffffff, 'uipvs0mffffffff'],
    ['balancer-eth0', 26, 'balancm1a'],
    ['u', 16, 'um10'],
  ] as const) {
    it(`mark ${number} of ${device} has device ${name}`, () => {
      assert.equal(markDeviceName(device, number), name);
    });
  }

  it('no mark of a daemon has the table of another mark, of another daemon, of the kernel or of people', () => {
    const marks = [1, 2, 0x100, 0xffff, 0x10000, 0x80000001, 0xfffffffe, 0xffffffff];
    const tables = [
      ...marks.map((number) => tableOfMark(117, number)),
      ...[1, 2, 0x100, 0xffff].map((number) => tableOfMark(118, number)),
    ];
    assert.equal(new Set(tables).size, tables.length);
    assert.equal(tableOfMark(117, 1), 0x80750001);
    assert.equal(tableOfMark(TABLE, 1), MARK_TABLE);
    assert.ok(tables.every((table) => table > 0xffff && table <= 0xffffffff));
  });

  it('a mark that would get a table of the kernel is refused', () => {
    assert.throws(() => tableOfMark(117, 0x807500ff), {
      code: 'EINVAL',
      message:
        'Firewall mark 2155151615 would need routing table 255, which is in use; another --table than 117 helps',
    });
  });
});

describe('what comes to the device of a firewall mark', { skip: SKIP }, () => {
  let pair: NamespacePair;
  let plumbing: Plumbing;
  before(async () => {
    pair = await NamespacePair.make();
    await pair.addTun(MARK_DEVICE);
    plumbing = await pair.attached();
    await plumbing.do(
      { method: 'addVirtualService', argument: vip('10.9.9.9', 80) },
      { method: 'addRealServer', argument: rip('10.0.0.2') },
      { method: 'addRealServer', argument: rip('2001:db8::2') },
      add(mark(1, MARK_DEVICE, 4)),
      add(mark(1, MARK_DEVICE, 6)),
    );
    // Local sockets need a route before their packet can be marked.
    await pair.ip(pair.director, 'route add default via 10.0.0.2');
    await pair.ip(pair.director, 'route add default via 2001:db8::2');
    const match = 'meta l4proto { tcp, udp, sctp } th dport 80 meta mark set 1';
    await pair.nft(
      `chain in { type filter hook prerouting priority mangle; ${match}; }`,
      `chain out { type route hook output priority mangle; ${match}; }`,
    );
  });
  after(() => pair?.remove());

  it('nothing of the device itself, though it was there when the host began to forward IPv6', async () => {
    const reader = await pair.reader('count', MARK_DEVICE);
    // Reports of multicast groups would come within a second of the link's having a carrier.
    await delay(1500);
    reader.process.kill();
    assert.deepEqual(await reader.rest(), []);
  });

  for (const { family, nowhere, local, client, owner } of [
    { family: 'IPv4', nowhere: '203.0.113.5', local: '10.0.0.1', client: '10.0.0.2', owner: '10.0.0.1' },
    {
      family: 'IPv6',
      nowhere: '2001:db8:5::5',
      local: '2001:db8::1',
      client: '2001:db8::2',
      owner: '2001:db8::1',
    },
  ] as const) {
    for (const { what, address, namespace, source } of [
      { what: 'a client to an address that is no VIP', address: nowhere, namespace: 'peer', source: client },
      { what: 'a client to an address of the director', address: local, namespace: 'peer', source: client },
      {
        what: 'the director to an address elsewhere',
        address: nowhere,
        namespace: 'director',
        source: owner,
      },
      { what: 'the director to an address of its own', address: local, namespace: 'director', source: owner },
    ] as const) {
      it(`${family}: the marked packets of ${what}, and no others`, async () => {
        const reader = await pair.reader('count', MARK_DEVICE);
        for (const protocol of ['tcp', 'udp', 'sctp'] as const) {
          await pair.send(pair[namespace], protocol, address, [81, 80]);
        }
        for (const number of [6, 17, 132]) {
          assert.equal(await reader.lines.next(), `${number} ${source} 5000 ${address} 80`);
        }
        reader.process.kill();
        assert.deepEqual(await reader.rest(), []);
      });
    }
  }

  it('a marked packet to a VIP of the main device', async () => {
    const reader = await pair.reader('count', MARK_DEVICE);
    await pair.send(pair.peer, 'tcp', '10.9.9.9', [80]);
    assert.equal(await reader.lines.next(), '6 10.0.0.2 5000 10.9.9.9 80');
    reader.process.kill();
  });

  for (const [what, command, decision] of [
    ['a marked packet that the data plane sends', '10.0.0.2 from 10.0.0.77 iif uipvs0 mark 1', 'eth0'],
    ['one for the host itself', '10.0.0.1 from 10.0.0.77 iif uipvs0 mark 1', 'local'],
    ['a packet with another mark', `10.0.0.1 ${CLIENT} mark 2`, 'local'],
    ['a packet with more bits in its mark', `10.0.0.1 ${CLIENT} mark 0x10001`, 'local'],
    [
      'a later fragment, of which the mark is not known',
      '10.0.0.1 from 10.0.0.77 iif eth0 ipproto udp',
      DEVICE,
    ],
    ['an ICMP error to the host', '10.0.0.1 from 10.0.0.77 iif eth0 ipproto icmp', 'local'],
    ['one to another address, which has no mark', '10.0.0.9 from 10.0.0.77 iif eth0 ipproto icmp', DEVICE],
    ['one of IPv6', '2001:db8::9 from 2001:db8::77 iif eth0 ipproto ipv6-icmp', DEVICE],
    ['neighbour discovery', '2001:db8::1 from 2001:db8::2 iif eth0 ipproto ipv6-icmp', 'local'],
    ['a ping of the host itself', '10.0.0.9 ipproto icmp', 'eth0'],
    ['marked neighbour discovery', '2001:db8::1 from 2001:db8::2 iif eth0 ipproto ipv6-icmp mark 1', 'local'],
  ] as const) {
    it(`${what} goes to ${decision}`, async () => {
      assert.equal(await pair.decide(command), decision);
    });
  }

  it('a reply of a real server stays with the main device', async () => {
    const reader = await pair.reader('count');
    await pair.send(pair.peer, 'tcp', '203.0.113.5', [5555]);
    assert.equal(await reader.lines.next(), '6 10.0.0.2 5000 203.0.113.5 5555');
    reader.process.kill();
  });
});

describe('the host plumbing of firewall marks', { skip: SKIP }, () => {
  let pair: NamespacePair;
  beforeEach(async () => {
    pair = await NamespacePair.make();
    await pair.addTun(MARK_DEVICE);
  });
  afterEach(() => pair.remove());

  const rules = async (family: '-4' | '-6') =>
    (await pair.ip(pair.director, `${family} rule`)).split('\n').filter((line) => line.includes('fwmark'));
  const routes = (family: '-4' | '-6') =>
    pair.ip(pair.director, `${family} route show table ${MARK_TABLE} proto 117`).catch(() => '');

  it('has one rule and one route a mark and family', async () => {
    const plumbing = await pair.attached();
    await plumbing.do(add(mark(1, MARK_DEVICE, 4)), add(mark(1, MARK_DEVICE, 4)));
    assert.deepEqual(await rules('-4'), [`45:	from all fwmark 0x1 lookup ${MARK_TABLE} proto 117`]);
    assert.equal(await routes('-4'), `default dev ${MARK_DEVICE} scope link linkdown \n`);
    assert.deepEqual([await rules('-6'), await routes('-6')], [[], '']);
    await plumbing.do(add(mark(1, MARK_DEVICE, 6)), remove(mark(1, MARK_DEVICE, 4)));
    assert.deepEqual([await rules('-4'), await routes('-4')], [[], '']);
    assert.deepEqual(await rules('-6'), [`45:	from all fwmark 0x1 lookup ${MARK_TABLE} proto 117`]);
    assert.match(await routes('-6'), new RegExp(`^default dev ${MARK_DEVICE} `));
  });

  it('makes the device ready like the main one, with its mtu', async () => {
    const plumbing = pair.plumbing();
    await plumbing.do();
    await plumbing.do({ method: 'attachDevice', argument: 4000 });
    await plumbing.do(add(mark(1, MARK_DEVICE)));
    const text = await pair.ip(pair.director, `-details link show ${MARK_DEVICE}`);
    assert.match(text, /<NO-CARRIER,POINTOPOINT,NOARP,UP> mtu 4000 .* qlen 10000\n/);
    const setting = `/proc/sys/net/ipv4/conf/${MARK_DEVICE}/accept_local`;
    assert.equal(await pair.exec(pair.director, ['cat', setting]), '0\n', 'nothing comes in by it');
  });

  it('gives the device back with the last family, whatever else stays', async () => {
    const plumbing = await pair.attached();
    await plumbing.do({ method: 'addVirtualService', argument: vip('10.0.0.1', 80) });
    await plumbing.do({ method: 'addVirtualService', argument: vip('2001:db8::1', 80) });
    const before = await pair.snapshot();
    await plumbing.do(add(mark(1, MARK_DEVICE, 4)), add(mark(1, MARK_DEVICE, 6)));
    assert.notEqual(await pair.snapshot(), before);
    await plumbing.do(remove(mark(1, MARK_DEVICE, 4)), remove(mark(1, MARK_DEVICE, 6)));
    assert.equal(await pair.snapshot(), before);
    await plumbing.do(remove(mark(1, MARK_DEVICE, 4)), add(mark(1, MARK_DEVICE, 6)));
    assert.equal((await rules('-6')).length, 1);
  });

  it('gives everything back on close, byte for byte', async () => {
    await pair.addTun('uipvs0mffffffff');
    const before = await pair.snapshot();
    const plumbing = await pair.attached();
    await plumbing.do(add(mark(1, MARK_DEVICE, 4)), add(mark(1, MARK_DEVICE, 6)));
    await plumbing.do(add(mark(0xffffffff, 'uipvs0mffffffff')));
    await plumbing.do(close);
    assert.equal(await pair.snapshot(), before);
  });

  it('puts back on refresh what somebody took away', async () => {
    const plumbing = await pair.attached();
    await plumbing.do(add(mark(1, MARK_DEVICE, 4)), add(mark(1, MARK_DEVICE, 6)));
    const before = await pair.snapshot();
    for (const family of ['-4', '-6']) await pair.ip(pair.director, `${family} rule del pref 45`);
    await pair.ip(pair.director, `link set ${MARK_DEVICE} down`);
    await pair.ip(pair.director, `link set ${MARK_DEVICE} up`);
    await plumbing.do({ method: 'refresh' });
    const sorted = (text: string) => text.split('\n').sort();
    assert.deepEqual(sorted(await pair.snapshot()), sorted(before));
    assert.match(plumbing.logged.join('\n'), /Somebody else removed "rule pref 45 .*" for firewall mark 1;/);
  });

  it('keeps a second daemon off a mark, and otherwise works beside it', async () => {
    for (const device of ['uipvs1', 'uipvs1m1', 'uipvs1m2']) await pair.addTun(device);
    const first = await pair.attached();
    await first.do(add(mark(1, MARK_DEVICE)));
    const journalPath = `${pair.directory}/second.json`;
    const second = await pair.attached({ device: 'uipvs1', table: TABLE + 1, journalPath });
    const answers = await second.call(add(mark(1, 'uipvs1m1')), add(mark(2, 'uipvs1m2')));
    assert.deepEqual(answers, [
      {
        code: 'EEXIST',
        message: `Firewall mark 1 is already held by another uipvs daemon ("pref 45 fwmark 0x1 lookup ${MARK_TABLE} protocol 117")`,
      },
      { code: null, message: '' },
    ]);
    await first.do(close);
    assert.equal(await pair.decide(`10.0.0.1 ${CLIENT} mark 1`), 'local');
    assert.equal(await pair.decide(`10.0.0.1 ${CLIENT} mark 2`), 'uipvs1m2');
  });

  for (const [what, prepare, message] of [
    [
      'a routing table that holds routes of others',
      `route add 10.1.1.1/32 dev eth0 table ${MARK_TABLE}`,
      `Routing table ${MARK_TABLE} for firewall mark 1 already holds routes of eth0`,
    ],
    [
      'a routing table that a rule of others uses',
      `rule add pref 9 from 10.1.1.1 lookup ${MARK_TABLE}`,
      `The rule at preference 9 already uses routing table ${MARK_TABLE} for firewall mark 1`,
    ],
  ] as const) {
    it(`refuses ${what}, and changes nothing`, async () => {
      const plumbing = await pair.attached();
      await pair.ip(pair.director, prepare);
      const before = await pair.snapshot();
      const answers = await plumbing.call(add(mark(1, MARK_DEVICE)));
      assert.deepEqual(answers, [{ code: 'EEXIST', message }]);
      assert.equal(await pair.snapshot(), before);
    });
  }

  it('refuses what is no mark and no device of its own', async () => {
    const plumbing = await pair.attached();
    await plumbing.do(add(mark(1, MARK_DEVICE)));
    const before = await pair.snapshot();
    const answers = await plumbing.call(
      add(mark(0, MARK_DEVICE)),
      add(mark(2 ** 32, MARK_DEVICE)),
      add(mark(2, 'uipvs0m2')),
      add(mark(2, 'eth0')),
      add(mark(1, 'uipvs0', 6)),
    );
    assert.deepEqual(answers, [
      { code: 'EINVAL', message: 'Expected a firewall mark of 1 to 4294967295 but received 0' },
      { code: 'EINVAL', message: 'Expected a firewall mark of 1 to 4294967295 but received 4294967296' },
      { code: 'ENOENT', message: 'There is no network device uipvs0m2' },
      { code: 'EINVAL', message: 'Expected a TUN device but eth0 is not one' },
      { code: 'EINVAL', message: 'Firewall mark 1 has device uipvs0m1 and cannot have uipvs0 too' },
    ]);
    assert.equal(await pair.snapshot(), before);
  });
});
