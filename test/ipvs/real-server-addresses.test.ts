import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destinationSpec, serviceSpec, tcpKey } from './specs.js';
import { Trial } from './trial.js';

const V6 = { kind: 'address', protocol: 'tcp', address: 'fd09::1', port: 80 } as const;

/** What a running kernel answers for each address. */
const ADDRESSES: readonly (readonly [string, boolean])[] = [
  ['0.0.0.0', false],
  ['0.1.2.3', true],
  ['127.0.0.1', true],
  ['224.0.0.1', false],
  ['239.255.255.255', false],
  ['240.0.0.1', true],
  ['255.255.255.255', false],
  ['::', false],
  ['::1', true],
  ['::10.1.0.11', true],
  ['::ffff:10.1.0.11', false],
  ['fe80::1', false],
  ['fec0::1', true],
  ['ff02::1', false],
];

for (const [address, isTaken] of ADDRESSES) {
  test(`a real server ${isTaken ? 'can' : 'cannot'} have address ${address}`, () => {
    const { director } = new Trial().with('rr', 1);
    director.addService(serviceSpec({ key: V6 }));
    const key = address.includes(':') ? V6 : tcpKey();
    const attempt = () => director.addDestination(key, destinationSpec(2, { address }));
    if (isTaken) assert.doesNotThrow(attempt);
    else assert.throws(attempt, { code: 'EINVAL', message: /unicast/ });
  });
}
