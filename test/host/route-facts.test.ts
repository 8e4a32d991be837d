/** What the daemon is told of routes, ports that it reserves, and addresses that come and go. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { withRange } from '../../src/host/reserved-ports.js';
import { DEVICE, NamespacePair, type Plumbing, rip, SKIP, vip } from './namespace-pair.js';

describe('a list of reserved ports', () => {
  for (const [text, first, last, expected] of [
    ['', 40_000, 49_999, '40000-49999'],
    ['8080', 40_000, 40_000, '8080,40000'],
    ['40000-49999', 41_000, 42_000, '40000-49999'],
    ['1,39999,50000-50001', 40_000, 49_999, '1,39999-50001'],
    ['60000-65535', 1, 65_535, '1-65535'],
  ] as const) {
    it(`"${text}" with ${first}-${last} is "${expected}"`, () => {
      assert.equal(withRange(text, { first, last }), expected);
    });
  }
});

describe('beyond rules and routes', { skip: SKIP }, () => {
  let pair: NamespacePair;
  let plumbing: Plumbing;
  beforeEach(async () => {
    pair = await NamespacePair.make();
    plumbing = await pair.attached();
  });
  afterEach(() => pair.remove());

  const told = () =>
    plumbing.logged.splice(0).flatMap((line) => (line.startsWith('route: ') ? [line.slice(7)] : []));
  const refresh = { method: 'refresh' } as const;
  const follow = { method: 'followAddresses' } as const;

  it('each real server has a route, told first and when it changes', async () => {
    await plumbing.do(
      { method: 'addRealServer', argument: rip('10.0.0.2') },
      { method: 'addRealServer', argument: rip('2001:db8::2') },
      { method: 'addRealServer', argument: rip('10.5.0.5') },
      { method: 'addRealServer', argument: rip('10.0.0.1', { protocol: 'tcp', port: 8080 }) },
    );
    assert.deepEqual(told().sort(), [
      '10.0.0.1 {"mtuBytes":65536,"source":"10.0.0.1","device":"lo"}',
      '10.0.0.2 {"mtuBytes":1500,"source":"10.0.0.1","device":"eth0"}',
      '10.5.0.5 null',
      '2001:db8::2 {"mtuBytes":1500,"source":"2001:db8::1","device":"eth0"}',
    ]);
    await plumbing.do(refresh);
    assert.deepEqual(told(), []);
    await pair.ip(pair.director, 'link set eth0 mtu 1400');
    await pair.ip(pair.director, 'route add 10.5.0.0/24 via 10.0.0.2 mtu 1300');
    await pair.exec(pair.director, ['sysctl', '-qw', 'net.ipv6.conf.eth0.mtu=1280']);
    await plumbing.do(refresh);
    assert.deepEqual(told().sort(), [
      '10.0.0.2 {"mtuBytes":1400,"source":"10.0.0.1","device":"eth0"}',
      '10.5.0.5 {"mtuBytes":1300,"source":"10.0.0.1","device":"eth0"}',
      '2001:db8::2 {"mtuBytes":1280,"source":"2001:db8::1","device":"eth0"}',
    ]);
  });

  it('ports are reserved besides those that were, and given back', async () => {
    const setting = async (name: string) => (await pair.exec(pair.director, ['sysctl', '-n', name])).trim();
    const name = 'net.ipv4.ip_local_reserved_ports';
    for (const before of ['8080,40005', '']) {
      await pair.exec(pair.director, ['sysctl', '-qw', `${name}=${before}`]);
      const other = pair.plumbing({ device: 'uipvs9', table: 9119, journalPath: `${pair.directory}/9.json` });
      await pair.addTun('uipvs9');
      await other.do();
      await other.do({ method: 'attachDevice' });
      await other.do({ method: 'reservePorts', argument: { first: 40_000, last: 40_010 } });
      await other.do({ method: 'reservePorts', argument: { first: 40_011, last: 40_011 } });
      assert.equal(await setting(name), before === '' ? '40000-40011' : '8080,40000-40011');
      const [answer] =
        (await other.call({ method: 'reservePorts', argument: { first: 2, last: 65_536 } })) ?? [];
      assert.deepEqual(answer, {
        code: 'EINVAL',
        message: 'Expected a range of ports to reserve but received 2-65536',
      });
      await other.do({ method: 'close' });
      assert.equal(await setting(name), before);
      await pair.ip(pair.director, 'link del uipvs9');
    }
  });

  it('a VIP that another program moves is followed as soon as addresses are compared', async () => {
    await plumbing.do({ method: 'addVirtualService', argument: vip('10.0.0.100', 80) }, follow);
    const request = '10.0.0.100 from 10.0.0.2 iif eth0 ipproto tcp sport 5 dport 80';
    const ssh = request.replace(/80$/, '22');
    assert.equal(await pair.decide(request), DEVICE);
    await pair.ip(pair.director, 'addr add 10.0.0.100/32 dev eth0');
    // Not even for a moment does the host refuse what is for the service.
    assert.deepEqual([await pair.decide(request), await pair.decide(ssh)], [DEVICE, 'local']);
    await plumbing.do(follow);
    assert.deepEqual([await pair.decide(request), await pair.decide(ssh)], [DEVICE, 'local']);
    await pair.ip(pair.director, 'addr del 10.0.0.100/32 dev eth0');
    await plumbing.do(follow);
    assert.equal(await pair.decide(ssh), DEVICE);
  });
});
