/** The kernel's settings and the device: what is changed, and what is given back. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DEVICE, NamespacePair, rip, SKIP, vip } from './namespace-pair.js';
import type { Call } from './plumbing-child.js';

const add = (argument: unknown): Call => ({ method: 'addVirtualService', argument });
const addReal = (argument: unknown): Call => ({ method: 'addRealServer', argument });
const close: Call = { method: 'close' };

describe('settings of the host', { skip: SKIP }, () => {
  let pair: NamespacePair;
  beforeEach(async () => {
    pair = await NamespacePair.make();
  });
  afterEach(() => pair.remove());

  const setting = async (name: string) => (await pair.exec(pair.director, ['sysctl', '-n', name])).trim();

  it('sets the device up with the largest mtu of the host', async () => {
    await pair.ip(pair.director, 'link set eth0 mtu 9000');
    await pair.attached();
    const text = await pair.ip(pair.director, `-details link show ${DEVICE}`);
    assert.match(text, /<NO-CARRIER,POINTOPOINT,NOARP,UP> mtu 9000 .* qlen 10000\n/);
    assert.match(text, /addrgenmode none/);
  });

  for (const [all, own] of [
    ['0', '0'],
    ['1', '2'],
    ['2', '2'],
  ] as const) {
    it(`sets rp_filter to ${own} on the device when it is ${all} for all, and says what a strict one drops`, async () => {
      await pair.exec(pair.director, ['sysctl', '-w', `net.ipv4.conf.all.rp_filter=${all}`]);
      const plumbing = await pair.attached();
      assert.equal(await setting(`net.ipv4.conf.${DEVICE}.rp_filter`), own);
      assert.equal(await setting('net.ipv4.conf.all.rp_filter'), all);
      const direct = '10.0.0.2 from 10.0.0.77 iif eth0';
      await plumbing.do(add(vip('10.9.9.9', 80)));
      assert.equal(await pair.decide(direct), 'eth0');
      await plumbing.do(addReal(rip('10.0.0.2')));
      assert.equal(await pair.decide(direct), all === '1' ? 'RTNETLINK answers: Invalid argument' : 'eth0');
      const isWarned = plumbing.logged.some((line) => line.startsWith('warn: rp_filter is 1 on eth0'));
      assert.equal(isWarned, all === '1');
    });
  }

  it('leaves a setting that somebody else has changed meanwhile', async () => {
    const plumbing = await pair.attached();
    await plumbing.do(add(vip('10.9.9.9', 80)));
    assert.equal(await setting(`net.ipv4.conf.${DEVICE}.send_redirects`), '0');
    await pair.exec(pair.director, ['sysctl', '-w', `net.ipv4.conf.${DEVICE}.accept_local=0`]);
    await pair.exec(pair.director, ['sysctl', '-w', `net.ipv4.conf.${DEVICE}.rp_filter=1`]);
    await plumbing.do(close);
    assert.equal(await setting(`net.ipv4.conf.${DEVICE}.send_redirects`), '1');
    assert.equal(await setting(`net.ipv4.conf.${DEVICE}.rp_filter`), '1');
    assert.equal(await setting('net.ipv4.ip_forward'), '0');
  });

  it('gives a device back the forwarding it had by itself', async () => {
    await pair.exec(pair.director, [
      'sysctl',
      '-w',
      'net.ipv4.conf.eth0.forwarding=1',
      'net.ipv6.conf.eth0.forwarding=1',
    ]);
    const before = await pair.snapshot();
    const plumbing = await pair.attached();
    await plumbing.do(add(vip('10.9.9.9', 80)), add(vip('2001:db8:9::9', 80)), close);
    assert.equal(await pair.snapshot(), before);
  });

  it('leaves IPv6 alone until there is an IPv6 service, then keeps advertised routes', async () => {
    await pair.ip(pair.director, '-6 route add default via 2001:db8::2 proto ra');
    const plumbing = await pair.attached();
    await plumbing.do(add(vip('10.9.9.9', 80)), addReal(rip('10.0.0.2')));
    assert.equal(await setting('net.ipv6.conf.all.forwarding'), '0');
    assert.equal(await setting('net.ipv6.conf.eth0.accept_ra'), '1');
    await plumbing.do(add(vip('2001:db8:9::9', 80)));
    assert.equal(await setting('net.ipv6.conf.all.forwarding'), '1');
    assert.equal(await setting('net.ipv6.conf.eth0.accept_ra'), '2');
    await plumbing.do(close);
    assert.equal(await setting('net.ipv6.conf.eth0.accept_ra'), '1');
  });
});
