import assert from 'node:assert/strict';
import { test } from 'node:test';
import { messageOf, quoted } from '../../src/base/error.js';
import { parseCidr } from '../../src/ipvs/cidr.js';
import { canonicalAddress } from '../../src/net/address.js';
import { parseEndpoint } from '../../src/net/endpoint.js';

test('what is quoted is one line, and else as it was written', () => {
  assert.equal(quoted("it's 10.9.0.1 ü"), "'it's 10.9.0.1 ü'");
  assert.equal(quoted('10.9\n.0.1\u0000\u2028\u007f'), "'10.9\\u000a.0.1\\u0000\\u2028\\u007f'");
});

for (const [name, parse] of [
  ['an address', canonicalAddress],
  ['an endpoint', parseEndpoint],
  ['a CIDR', parseCidr],
] as const) {
  test(`the refusal of ${name} with a line break is one line`, () => {
    const told = (thrown: unknown): boolean => {
      assert.ok(thrown instanceof Error);
      assert.match(thrown.message, /but received '10\.9\\u000a\.0\.1'$/);
      return messageOf(thrown) === thrown.message;
    };
    assert.throws(() => parse('10.9\n.0.1'), told);
  });
}
