import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { addressWords } from '../../src/net/address.js';
import { foldAddress, hash32, hsipHash } from '../../src/scheduling/hash.js';
import { siphashTwin } from './siphash-twin.js';

const word = fc.integer({ min: 0, max: 0xffffffff });

test('the slow twin of SipHash gives the published value', () => {
  // Source: Linux, lib/test_siphash.c, test_vectors_hsiphash[4].
  const key = [0x0706050403020100n, 0x0f0e0d0c0b0a0908n] as const;
  assert.equal(siphashTwin(0x03020100, key), 0x88d38328);
});

test('SipHash in halves gives what its slow twin gives', () => {
  fc.assert(
    fc.property(word, word, (value, key) => {
      assert.equal(hsipHash(value, key), siphashTwin(value, [BigInt(key), BigInt(key)]));
    }),
    { numRuns: 2000 },
  );
});

test('SipHash takes a sum above 32 bits modulo 2^32', () => {
  assert.equal(hsipHash(2 ** 32 + 7, 1), hsipHash(7, 1));
});

test('hash_32 gives the upper bits of the product', () => {
  fc.assert(
    fc.property(word, fc.integer({ min: 1, max: 32 }), (value, bits) => {
      const product = (BigInt(value) * 0x61c88647n) & 0xffffffffn;
      assert.equal(hash32(value, bits), Number(product >> BigInt(32 - bits)));
    }),
  );
});

test('an IPv4 address folds to itself, an IPv6 one to its words exclusive-ored', () => {
  assert.equal(foldAddress(addressWords('203.0.113.7')), 0xcb007107 | 0);
  assert.equal(foldAddress(addressWords('fd01:203::ff:0:1')), 0xfd010203 ^ 0x000000ff ^ 0x00000001);
});
