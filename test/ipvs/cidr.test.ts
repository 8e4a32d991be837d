import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalCidr, parseCidr } from '../../src/ipvs/cidr.js';

for (const [text, canonical] of [
  ['10.0.0.0/8', '10.0.0.0/8'],
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['10.1.2.3', '10.1.2.3/32'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['255.255.255.255/31', '255.255.255.254/31'],
  ['10.0.0.0/08', '10.0.0.0/8'],
  ['FD00:0::1/8', 'fd00::/8'],
  ['fd00::ffff:1/113', 'fd00::ffff:0/113'],
  ['::', '::/128'],
  ['::/0', '::/0'],
] as const) {
  test(`${text} is ${canonical}`, () => {
    assert.equal(canonicalCidr(text), canonical);
    assert.equal(canonicalCidr(canonical), canonical);
  });
}

test('the parts of a range are its family, network and prefix length', () => {
  assert.deepEqual(parseCidr('172.16.5.4/12'), { family: 4, network: '172.16.0.0', prefixLength: 12 });
  assert.deepEqual(parseCidr('2001:db8::1/64'), { family: 6, network: '2001:db8::', prefixLength: 64 });
});

for (const text of [
  '',
  '/8',
  '10.0.0.0/',
  '10.0.0.0/33',
  '::/129',
  '10.0.0.0/-1',
  '10.0.0.0/8/8',
  '10.1/8',
  'rs1/8',
  ' 10.0.0.0/8',
]) {
  test(`'${text}' is no range`, () => assert.throws(() => parseCidr(text), { code: 'EINVAL' }));
}
