import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMasqueradeAddresses, parseMasqueradePorts } from '../../src/daemon/masquerade-options.js';
import { parseDaemonOptions } from '../../src/daemon/options.js';

describe('--masquerade-addresses', () => {
  it('are none by default', () => {
    const parsed = parseDaemonOptions([], {});
    assert.deepEqual(parsed.kind === 'run' && parsed.options.masqueradeAddresses, []);
  });

  it('are of both families, in canonical form and the order given', () => {
    const words = ['--masquerade-addresses', '10.1.0.200,FD01:0::200,10.1.0.1'];
    const parsed = parseDaemonOptions(words, {});
    const expected = ['10.1.0.200', 'fd01::200', '10.1.0.1'];
    assert.deepEqual(parsed.kind === 'run' && parsed.options.masqueradeAddresses, expected);
  });

  it('may be 64 of each family, and no more', () => {
    const ipv4 = Array.from({ length: 64 }, (_, index) => `10.1.0.${index + 1}`);
    const ipv6 = Array.from({ length: 64 }, (_, index) => `fd01::${index + 1}`);
    assert.equal(parseMasqueradeAddresses([...ipv4, ...ipv6].join()).length, 128);
    assert.throws(() => parseMasqueradeAddresses([...ipv4, '10.1.0.65'].join()), {
      code: 'EINVAL',
      message: 'Expected at most 64 IPv4 addresses for --masquerade-addresses but received 65',
    });
  });

  it('are each named once, however they are written', () => {
    assert.throws(() => parseMasqueradeAddresses('fd01::1,10.1.0.1,fd01:0:0::1'), {
      code: 'EINVAL',
      message: '--masquerade-addresses names fd01::1 more than once',
    });
  });

  for (const [what, text] of [
    ['nothing', ''],
    ['a name', 'director'],
    ['a network', '10.1.0.0/24'],
    ['the loopback', '127.0.0.1'],
    ['the IPv6 loopback', '::1'],
    ['no address of one host', '0.0.0.0'],
    ['a multicast address', '224.0.0.1'],
    ['an IPv6 multicast address', 'ff02::1'],
    ['the limited broadcast address', '255.255.255.255'],
    ['a link-local address', 'fe80::1'],
    ['an IPv4 address in IPv6', '::ffff:10.1.0.1'],
  ] as const) {
    it(`are not ${what}`, () => {
      assert.throws(() => parseMasqueradeAddresses(`10.1.0.1,${text}`), {
        code: 'EINVAL',
        message: `Expected a host's address that real servers can answer to for --masquerade-addresses but received '${text}'`,
      });
    });
  }
});

describe('--masquerade-ports', () => {
  it('are those behind the kernel’s own by default', () => {
    assert.deepEqual(parseMasqueradePorts(), { first: 61000, last: 65534 });
  });

  for (const text of ['', '61000', '0-10', '61002-61000', '1-65536', '61000-61002x']) {
    it(`are not '${text}'`, () => assert.throws(() => parseMasqueradePorts(text), { code: 'EINVAL' }));
  }
});
