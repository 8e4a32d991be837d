import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  maskPrefixLength,
  maxPrefixLength,
  networkAddress,
  prefixMask,
  prefixMaskWords,
} from '../../src/net/prefix.js';

describe('prefixes and masks', () => {
  it('a mask is written as an address', () => {
    assert.deepEqual(
      [0, 1, 24, 32].map((length) => prefixMask(length, 4)),
      ['0.0.0.0', '128.0.0.0', '255.255.255.0', '255.255.255.255'],
    );
    assert.equal(prefixMask(65, 6), 'ffff:ffff:ffff:ffff:8000::');
  });
  it('a mask gives back its length', () => {
    for (const family of [4, 6] as const) {
      for (let length = 0; length <= maxPrefixLength(family); length++) {
        assert.equal(maskPrefixLength(prefixMaskWords(length, family)), length);
      }
    }
  });
  it('a mask with a hole has no length', () => {
    const isWhole = (bits: string) => /^1*0*$/.test(bits);
    const word = fc.integer({ min: 0, max: 0xffffffff });
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (values) => {
        const bits = values.map((value) => value.toString(2).padStart(32, '0')).join('');
        const expected = isWhole(bits) ? bits.replaceAll('0', '').length : undefined;
        assert.equal(maskPrefixLength(Uint32Array.from(values)), expected);
      }),
    );
    assert.equal(maskPrefixLength(Uint32Array.of(0xff00ff00)), undefined);
    assert.equal(maskPrefixLength(Uint32Array.of(0xffffffff, 0, 1, 0)), undefined);
  });
  for (const [length, family, max] of [
    [33, 4, 32],
    [-1, 4, 32],
    [1.5, 4, 32],
    [129, 6, 128],
  ] as const) {
    it(`${length} is no IPv${family} prefix length`, () => {
      const message = `Expected 0..${max} for an IPv${family} prefix length but received ${length}`;
      assert.throws(() => prefixMaskWords(length, family), { code: 'EINVAL', message });
    });
  }
  it('a network is an address without its host bits', () => {
    assert.equal(networkAddress('10.9.7.200', 24), '10.9.7.0');
    assert.equal(networkAddress('10.9.7.200', 0), '0.0.0.0');
    assert.equal(networkAddress('fd00:1:2:3ff::9', 56), 'fd00:1:2:300::');
  });
});
