/** What is in the kernel, as services and real servers come and go. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { BASE_RULES, PLAIN_RULES } from './base-rules.js';
import { DEVICE, NamespacePair, rip, SKIP, TABLE, vip } from './namespace-pair.js';
import type { Call } from './plumbing-child.js';

const add = (argument: unknown): Call => ({ method: 'addVirtualService', argument });
const remove = (argument: unknown): Call => ({ method: 'removeVirtualService', argument });
const addReal = (argument: unknown): Call => ({ method: 'addRealServer', argument });
const removeReal = (argument: unknown): Call => ({ method: 'removeRealServer', argument });
const attach: Call = { method: 'attachDevice' };
const refresh: Call = { method: 'refresh' };
const close: Call = { method: 'close' };

describe('the host plumbing', { skip: SKIP }, () => {
  let pair: NamespacePair;
  beforeEach(async () => {
    pair = await NamespacePair.make();
  });
  afterEach(() => pair.remove());

  const rules = async () =>
    (await pair.ip(pair.director, 'rule'))
      .split('\n')
      .map((line) => line.replace(' [unresolved]', '').trim())
      .filter(Boolean);
  const routes = () => pair.ip(pair.director, 'route show table all proto 117');
  const setting = async (name: string) => (await pair.exec(pair.director, ['sysctl', '-n', name])).trim();

  /** The rules besides those of the base. */
  async function ownRules(): Promise<string[]> {
    const found = await rules();
    assert.deepEqual(
      found.filter((rule) => BASE_RULES.includes(rule)),
      BASE_RULES,
    );
    return found.filter((rule) => !BASE_RULES.includes(rule));
  }

  it('changes nothing when it is opened and closed', async () => {
    const before = await pair.snapshot();
    const plumbing = pair.plumbing();
    await plumbing.do();
    assert.equal(await pair.snapshot(), before);
    await plumbing.do(close, close);
    assert.equal(await pair.snapshot(), before);
  });

  it('gives everything back on close, byte for byte', async () => {
    const before = await pair.snapshot();
    const plumbing = await pair.attached();
    const calls = ['10.9.9.9', '10.0.0.1', '2001:db8:9::9', '2001:db8::1'].map((address) =>
      add(vip(address, 80)),
    );
    await plumbing.do(...calls, addReal(rip('10.0.0.2')), addReal(rip('2001:db8::2')));
    assert.notEqual(await pair.snapshot(), before);
    await plumbing.do(close);
    assert.equal(await pair.snapshot(), before);
    const [answer] = (await plumbing.call(add(vip('10.9.9.9', 80)))) ?? [];
    assert.equal(answer?.code, 'EINVAL');
  });

  it('has one route a VIP, until its last service goes', async () => {
    const plumbing = await pair.attached();
    const route = `10.9.9.9 dev ${DEVICE} scope link linkdown \n`;
    await plumbing.do(add(vip('10.9.9.9', 80)), add(vip('10.9.9.9', 443)), add(vip('10.9.9.9', 80)));
    assert.equal(await routes(), route);
    await plumbing.do(remove(vip('10.9.9.9', 443)), remove(vip('10.9.9.9', 443)));
    assert.equal(await routes(), route);
    await plumbing.do(remove(vip('10.9.9.9', 80)));
    assert.equal(await routes(), '');
    assert.equal(await pair.ip(pair.director, 'rule'), PLAIN_RULES.replace(/ \n/g, '\n'));
  });

  it('has one rule a service on a local VIP, and one a protocol for fragments', async () => {
    const plumbing = await pair.attached();
    await plumbing.do(
      add(vip('10.0.0.1', 80)),
      add(vip('10.0.0.1', 53, 'udp')),
      add(vip('10.0.0.1', 0, 'sctp')),
    );
    assert.deepEqual(await ownRules(), [
      `50:	from all to 10.0.0.1 ipproto tcp dport 80 lookup ${TABLE} proto 117`,
      `50:	from all to 10.0.0.1 ipproto udp dport 53 lookup ${TABLE} proto 117`,
      `50:	from all to 10.0.0.1 ipproto sctp lookup ${TABLE} proto 117`,
      `67:	from all to 10.0.0.1 ipproto tcp lookup ${TABLE} proto 117`,
      `67:	from all to 10.0.0.1 ipproto udp lookup ${TABLE} proto 117`,
    ]);
    await plumbing.do(remove(vip('10.0.0.1', 53, 'udp')), remove(vip('10.0.0.1', 0, 'sctp')));
    assert.deepEqual(await ownRules(), [
      `50:	from all to 10.0.0.1 ipproto tcp dport 80 lookup ${TABLE} proto 117`,
      `67:	from all to 10.0.0.1 ipproto tcp lookup ${TABLE} proto 117`,
    ]);
    await plumbing.do(remove(vip('10.0.0.1', 80)));
    assert.equal(await pair.ip(pair.director, 'rule'), PLAIN_RULES.replace(/ \n/g, '\n'));
  });

  it('counts real servers', async () => {
    const plumbing = await pair.attached();
    const ownRulesOfOne = [
      `63:	from 10.0.0.2 lookup ${TABLE} proto 117`,
      `65:	from all iif eth0 ipproto icmp lookup ${TABLE} proto 117`,
    ];
    await plumbing.do(addReal(rip('10.0.0.2')), addReal(rip('10.0.0.2')), addReal(rip('10.0.0.2')));
    assert.deepEqual(await ownRules(), ownRulesOfOne);
    await plumbing.do(removeReal(rip('10.0.0.2')), removeReal(rip('10.0.0.2')));
    assert.deepEqual(await ownRules(), ownRulesOfOne);
    await plumbing.do(removeReal(rip('10.0.0.2')));
    assert.equal(await pair.ip(pair.director, 'rule'), PLAIN_RULES.replace(/ \n/g, '\n'));
  });

  it('accepts a real server without a route, and warns once', async () => {
    const plumbing = await pair.attached();
    await plumbing.do(addReal(rip('192.0.2.7')), refresh);
    await plumbing.do(refresh);
    assert.deepEqual(await ownRules(), [`63:	from 192.0.2.7 lookup ${TABLE} proto 117`]);
    const warnings = plumbing.logged.filter((line) => line.startsWith('warn'));
    assert.deepEqual(warnings, ['warn: There is no route to real server 192.0.2.7']);
  });

  it('takes only the ports of a real server that is the host itself', async () => {
    const plumbing = await pair.attached();
    await plumbing.do(
      addReal(rip('10.0.0.1', { protocol: 'tcp', port: 8080 })),
      addReal(rip('10.0.0.1', { protocol: 'udp', port: 53 })),
      addReal(rip('127.0.0.1', { protocol: 'tcp', port: 8080 })),
    );
    assert.deepEqual(await ownRules(), [
      `55:	from 10.0.0.1 iif lo ipproto tcp sport 8080 lookup ${TABLE} proto 117`,
      `55:	from 10.0.0.1 iif lo ipproto udp sport 53 lookup ${TABLE} proto 117`,
      `55:	from 10.0.0.1 iif lo ipproto icmp dport 771 lookup ${TABLE} proto 117`,
    ]);
    assert.match(plumbing.logged.join('\n'), /real server 127\.0\.0\.1 are not captured/);
  });

  for (const [route, holder] of [
    ['10.9.9.9/32 via 10.0.0.2', 'device eth0'],
    ['blackhole 10.9.9.9/32', 'a blackhole route'],
    ['10.9.9.9/32 dev eth0 metric 50', 'device eth0'],
  ] as const) {
    it(`refuses a VIP for which there is "${route}", and changes nothing`, async () => {
      const plumbing = await pair.attached();
      await pair.ip(pair.director, `route add ${route}`);
      const before = await pair.ip(pair.director, 'route show table all');
      const answers = await plumbing.call(add(vip('10.9.9.9', 80)), add(vip('10.9.9.8', 80)));
      assert.deepEqual(answers, [
        { code: 'EEXIST', message: `Virtual address 10.9.9.9 is already held by ${holder}` },
        { code: null, message: '' },
      ]);
      await plumbing.do(remove(vip('10.9.9.8', 80)));
      assert.equal(await pair.ip(pair.director, 'route show table all'), before);
    });
  }

  it('keeps a second daemon off a VIP, and otherwise works beside it', async () => {
    await pair.addTun('uipvs1');
    const first = await pair.attached();
    await first.do(add(vip('10.9.9.9', 80)), add(vip('10.0.0.1', 80)), addReal(rip('10.0.0.2')));
    const second = await pair.attached({
      device: 'uipvs1',
      table: 7118,
      journalPath: `${pair.directory}/second.json`,
    });
    const answers = await second.call(
      add(vip('10.9.9.9', 443)),
      add(vip('10.0.0.1', 80)),
      add(vip('10.0.0.1', 443)),
      add(vip('10.9.9.7', 80)),
      addReal(rip('10.0.0.3')),
    );
    assert.deepEqual(
      answers?.map(({ code }) => code),
      ['EEXIST', 'EEXIST', null, null, null],
    );
    assert.equal(
      answers?.[0]?.message,
      'Virtual address 10.9.9.9 is already held by device uipvs0 (another uipvs daemon)',
    );
    assert.match(
      answers?.[1]?.message ?? '',
      /^Virtual address 10\.0\.0\.1 is already held by another uipvs daemon/,
    );
    assert.equal(await pair.decide('10.0.0.1 from 10.0.0.77 iif eth0 ipproto tcp dport 80'), 'uipvs0');
    assert.equal(await pair.decide('10.0.0.1 from 10.0.0.77 iif eth0 ipproto tcp dport 443'), 'uipvs1');
    await first.do(close);
    assert.equal(await pair.decide('10.0.0.1 from 10.0.0.77 iif eth0 ipproto tcp dport 443'), 'uipvs1');
    assert.equal(await pair.decide('10.0.0.1 from 10.0.0.3 iif eth0'), 'uipvs1');
    assert.equal(await setting('net.ipv4.ip_forward'), '1');
    await second.do(close);
    assert.equal(await pair.ip(pair.director, 'rule'), PLAIN_RULES.replace(/ \n/g, '\n'));
    assert.equal(await routes(), '');
  });

  it('refuses a routing table that somebody uses', async () => {
    await pair.ip(pair.director, `route add 10.1.1.1/32 dev eth0 table ${TABLE}`);
    const [answer] = (await pair.plumbing().call()) ?? [];
    assert.deepEqual(answer, {
      code: 'EEXIST',
      message: `Routing table ${TABLE} already holds routes of eth0`,
    });
  });

  it('puts back on refresh what somebody took away', async () => {
    const plumbing = await pair.attached();
    const services = ['10.9.9.9', '10.0.0.1', '2001:db8:9::9', '2001:db8::1'];
    await plumbing.do(
      ...services.map((address) => add(vip(address, 80))),
      addReal(rip('10.0.0.2')),
      addReal(rip('2001:db8::2')),
    );
    const before = await pair.snapshot();
    for (const family of ['-4', '-6']) {
      await pair.ip(pair.director, `${family} rule add pref 0 lookup local protocol kernel`);
      await pair.ip(pair.director, `${family} rule flush`);
      // Without it the kernel knows no way to the real servers.
      await pair.ip(pair.director, `${family} rule add pref 32766 lookup main protocol kernel`);
    }
    await pair.ip(pair.director, `link set ${DEVICE} down`);
    await pair.ip(pair.director, `link set ${DEVICE} up`);
    await pair.exec(pair.director, ['sysctl', '-w', 'net.ipv4.ip_forward=0']);
    await plumbing.do(refresh);
    // `ip rule flush` has left neither main nor default; those are not ours to restore.
    const lines = (text: string) =>
      text
        .split('\n')
        .filter((line) => !/lookup (main|default)/.test(line))
        .sort();
    assert.deepEqual(lines(await pair.snapshot()), lines(before));
    assert.equal(plumbing.logged.filter((line) => line.startsWith('warn: Somebody else removed')).length, 10);
  });

  it('follows an address that becomes local, and one that ceases to be', async () => {
    const plumbing = await pair.attached();
    await plumbing.do(add(vip('10.9.9.9', 80)));
    await pair.ip(pair.director, 'addr add 10.9.9.9/32 dev lo');
    await plumbing.do(refresh);
    assert.equal(await routes(), `default dev ${DEVICE} table ${TABLE} scope link linkdown \n`);
    assert.equal(await pair.decide('10.9.9.9 ipproto tcp dport 80'), DEVICE);
    assert.equal(await pair.decide('10.9.9.9 ipproto tcp dport 22'), 'local');
    await pair.ip(pair.director, 'addr del 10.9.9.9/32 dev lo');
    await plumbing.do(refresh);
    assert.match(await routes(), new RegExp(`^10\\.9\\.9\\.9 dev ${DEVICE} `, 'm'));
    assert.equal(await pair.decide('10.9.9.9 ipproto tcp dport 22'), DEVICE);
    // It may come back: then no packet for the service must reach the host first.
    await pair.ip(pair.director, 'addr add 10.9.9.9/32 dev lo');
    assert.equal(await pair.decide('10.9.9.9 ipproto tcp dport 80'), DEVICE);
    assert.equal(await pair.decide('10.9.9.9 ipproto tcp dport 22'), 'local');
    await plumbing.do(remove(vip('10.9.9.9', 80)));
    assert.equal(await pair.ip(pair.director, 'rule'), PLAIN_RULES.replace(/ \n/g, '\n'));
  });

  it('uses a local rule that another program has moved, and leaves it where it is', async () => {
    await pair.ip(pair.director, 'rule add pref 100 lookup local');
    await pair.ip(pair.director, 'rule del pref 0');
    const before = await pair.snapshot();
    const plumbing = await pair.attached();
    await plumbing.do(addReal(rip('10.0.0.2')));
    assert.equal(await pair.decide('10.0.0.77 from 10.0.0.2 iif eth0'), DEVICE);
    await plumbing.do(close);
    assert.equal(await pair.snapshot(), before);
  });

  for (const [what, argument] of [
    ['an address that is none', vip('10.9.9', 80)],
    ['an address of the other family', { ...vip('10.9.9.9', 80), family: 6 }],
    ['a port that is none', vip('10.9.9.9', 65536)],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const plumbing = await pair.attached();
      const [answer] = (await plumbing.call(add(argument))) ?? [];
      assert.equal(answer?.code, 'EINVAL');
    });
  }

  it('refuses a device that is missing or no TUN device', async () => {
    for (const [device, code] of [
      ['uipvs9', 'ENOENT'],
      ['eth0', 'EINVAL'],
    ] as const) {
      const plumbing = pair.plumbing({ device, journalPath: `${pair.directory}/${device}.json` });
      await plumbing.do();
      const answers = await plumbing.call(attach, add(vip('10.9.9.9', 80)));
      assert.deepEqual(
        answers?.map((answer) => answer.code),
        [code, 'EINVAL'],
      );
    }
  });
});
