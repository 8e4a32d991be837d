import assert from 'node:assert/strict';
import { isIPv4, isIPv6 } from 'node:net';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  addressWords,
  canonicalAddress,
  familyOf,
  formatAddressWords,
  tryAddressWords,
} from '../../src/net/address.js';
import {
  isLinkLocalIpv6Address,
  isLoopbackAddress,
  isMulticastAddress,
  isUnicastAddress,
  isUnspecifiedAddress,
} from '../../src/net/address-class.js';

const word = fc.integer({ min: 0, max: 0xffffffff });
const sparseWord = fc.oneof(word, fc.constantFrom(0, 1, 0x10000, 0xffff, 0xffffffff));
const ipv6Words = fc.array(sparseWord, { minLength: 4, maxLength: 4 });

describe('addresses in canonical form', () => {
  const table: readonly (readonly [text: string, canonical: string])[] = [
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['10.9.0.1', '10.9.0.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['FD09::0001', 'fd09::1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['1:0:0:2:3:0:0:4', '1::2:3:0:0:4'],
    ['1:0:2:0:3:0:4:5', '1:0:2:0:3:0:4:5'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['2001:db8::', '2001:db8::'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['::ffff:102:304', '::ffff:1.2.3.4'],
    ['::1.2.3.4', '::1.2.3.4'],
    ['::1:2', '::0.1.0.2'],
    ['::fffe:1.2.3.4', '::fffe:102:304'],
    ['64:ff9b::192.0.2.1', '64:ff9b::c000:201'],
  ];
  for (const [text, canonical] of table) {
    it(`${text} is ${canonical}`, () => assert.equal(canonicalAddress(text), canonical));
  }
});

describe('text that is no address', () => {
  const table = [
    ...[
      '',
      '1',
      '10.1',
      '1.2.3',
      '1.2.3.4.5',
      '256.0.0.1',
      '01.2.3.4',
      '1.2.3.04',
      '1.2.3.4 ',
      ' 1.2.3.4',
      '0x7f.0.0.1',
    ],
    ...[
      '1.2.3.-4',
      '1.2.3.4:80',
      ':',
      ':::',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1::2::3',
      '1:2:3:4:5:6:7:8::',
    ],
    ...[
      '::1:2:3:4:5:6:7:8',
      '12345::',
      'g::',
      '::1%eth0',
      '[::1]',
      '1.2.3.4::',
      '::1.2.3',
      '::1.2.3.4:5',
      ':1::2',
    ],
  ];
  for (const text of table) {
    it(`'${text}' is refused with EINVAL`, () => {
      const message = `Expected an IPv4 or IPv6 address but received '${text}'`;
      assert.throws(() => addressWords(text), { code: 'EINVAL', message });
    });
  }
  it('is what the system says is none', () => {
    const near = fc.stringMatching(/^[0-9a-f:.]{0,24}$/);
    fc.assert(
      fc.property(near, (text) => {
        assert.equal(tryAddressWords(text) !== undefined, isIPv4(text) || isIPv6(text), text);
      }),
      { numRuns: 20000 },
    );
  });
});

describe('words and text', () => {
  it('are in host order, most significant first', () => {
    assert.deepEqual(addressWords('10.9.0.1'), Uint32Array.of(0x0a090001));
    const words = Uint32Array.of(0x20010db8, 0x00010002, 0x00030004, 0xffff0001);
    assert.deepEqual(addressWords('2001:db8:1:2:3:4:ffff:1'), words);
  });
  it('come back from text', () => {
    fc.assert(
      fc.property(ipv6Words, fc.constantFrom(4 as const, 6 as const), fc.nat(3), (values, family, offset) => {
        const words = Uint32Array.from([...new Array(offset).fill(7), ...values]);
        const text = formatAddressWords(words, offset, family);
        assert.deepEqual(addressWords(text), words.slice(offset, offset + (family === 4 ? 1 : 4)));
        assert.equal(familyOf(text), family);
        assert.equal(canonicalAddress(text), text);
      }),
      { numRuns: 5000 },
    );
  });
  it('of IPv6 are written as the URL parser of the system writes them, but for dotted tails', () => {
    fc.assert(
      fc.property(ipv6Words, (values) => {
        const text = formatAddressWords(Uint32Array.from(values), 0, 6);
        fc.pre(!text.includes('.'));
        assert.equal(new URL(`http://[${text}]/`).hostname, `[${text}]`);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('kinds of addresses', () => {
  const table: readonly (readonly [text: string, kinds: string])[] = [
    ['10.0.0.1', 'unicast'],
    ['240.0.0.1', 'unicast'],
    ['127.9.9.9', 'loopback unicast'],
    ['0.0.0.0', 'unspecified'],
    ['224.0.0.81', 'multicast'],
    ['239.255.255.255', 'multicast'],
    ['255.255.255.255', ''],
    ['fd00::1', 'unicast'],
    ['::1', 'loopback unicast'],
    ['::', 'unspecified'],
    ['ff02::1', 'multicast'],
    ['fe80::1', 'unicast link-local'],
    ['febf::1', 'unicast link-local'],
    ['fec0::1', 'unicast'],
    ['1::1', 'unicast'],
  ];
  const tests: readonly (readonly [kind: string, test: (text: string) => boolean])[] = [
    ['loopback', isLoopbackAddress],
    ['unspecified', isUnspecifiedAddress],
    ['multicast', isMulticastAddress],
    ['unicast', isUnicastAddress],
    ['link-local', isLinkLocalIpv6Address],
  ];
  for (const [text, kinds] of table) {
    it(`${text}: ${kinds || 'none'}`, () => {
      const found = tests.filter(([, test]) => test(text)).map(([kind]) => kind);
      assert.equal(found.join(' '), kinds);
    });
  }
});
