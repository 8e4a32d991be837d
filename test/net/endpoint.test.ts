import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { formatAddressWords } from '../../src/net/address.js';
import { formatEndpoint, parseEndpoint } from '../../src/net/endpoint.js';

describe('endpoints', () => {
  it('come back from their text', () => {
    const words = fc.array(fc.integer({ min: 0, max: 0xffffffff }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(words, fc.constantFrom(4 as const, 6 as const), fc.nat(65535), (values, family, port) => {
        const address = formatAddressWords(Uint32Array.from(values), 0, family);
        assert.deepEqual(parseEndpoint(formatEndpoint(address, port)), { address, port });
      }),
    );
  });
  it('are made canonical', () => {
    assert.deepEqual(parseEndpoint('[FD09:0::1]:80'), { address: 'fd09::1', port: 80 });
  });
  const wrong = [
    ...['', '10.0.0.1', '10.0.0.1:', ':80', '10.0.0.1:65536', '10.0.0.1:080', '10.0.0.1:-1', '10.0.0.1:http'],
    ...['fd00::1:80', '[fd00::1]', '[10.0.0.1]:80', '[fd00::1]:80 ', 'localhost:80', '10.0.0.1:80:80'],
  ];
  for (const text of wrong) {
    it(`'${text}' is refused with EINVAL`, () =>
      assert.throws(() => parseEndpoint(text), { code: 'EINVAL' }));
  }
});
