/** Addresses that packets come for without a service. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DEVICE, NamespacePair, type Plumbing, SKIP } from './namespace-pair.js';

for (const { family, local, routed, protocol } of [
  { family: 4, local: '10.0.0.1', routed: '10.9.9.9', protocol: 'icmp' },
  { family: 6, local: '2001:db8::1', routed: '2001:db8:9::9', protocol: 'ipv6-icmp' },
] as const) {
  describe(`an IPv${family} address without a service`, { skip: SKIP }, () => {
    let pair: NamespacePair;
    let plumbing: Plumbing;
    const add = (address: string) =>
      ({ method: 'addVirtualService', argument: { family, address } }) as const;
    const rules = () => pair.ip(pair.director, `-${family} rule`);
    beforeEach(async () => {
      pair = await NamespacePair.make();
      plumbing = await pair.attached();
    });
    afterEach(() => pair.remove());

    it('that is no address of the host leads to the device, whatever the protocol', async () => {
      await plumbing.do(add(routed));
      assert.equal(await pair.decide(`${routed} ipproto tcp dport 80`), DEVICE);
      assert.equal(await pair.decide(`${routed} ipproto ${protocol}`), DEVICE);
    });

    it('that is an address of the host stays the host’s, all of it', async () => {
      const before = await rules();
      await plumbing.do(add(local));
      assert.equal(await rules(), before);
    });

    it('stays when the services come and go that it has besides', async () => {
      const service = { family, address: routed, protocol: 'tcp', port: 80 };
      await plumbing.do(add(routed), { method: 'addVirtualService', argument: service });
      await plumbing.do({ method: 'removeVirtualService', argument: service });
      assert.equal(await pair.decide(`${routed} ipproto tcp dport 80`), DEVICE);
    });

    it('follows one that is put on a device, and taken away again', async () => {
      await plumbing.do(add(routed));
      const words = family === 4 ? `${routed}/32` : `${routed}/128 nodad`;
      await pair.ip(pair.director, `addr add ${words} dev eth0`);
      await plumbing.do({ method: 'refresh' });
      assert.doesNotMatch(await pair.ip(pair.director, `-${family} route`), new RegExp(DEVICE));
      await pair.ip(pair.director, `addr del ${words.split(' ')[0]} dev eth0`);
      await plumbing.do({ method: 'refresh' });
      assert.equal(await pair.decide(`${routed} ipproto tcp dport 80`), DEVICE);
    });
  });
}
