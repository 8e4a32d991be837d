import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseListenAddress } from '../../src/metrics/listen-address.js';

test('a listen address is an IPv4 or a bracketed IPv6 address with a port', () => {
  assert.deepEqual(parseListenAddress('127.0.0.1:9100'), { address: '127.0.0.1', port: 9100 });
  assert.deepEqual(parseListenAddress('[0::1]:65535'), { address: '::1', port: 65535 });
});

for (const text of [
  '',
  '9100',
  ':9100',
  '127.0.0.1',
  '127.0.0.1:0',
  '127.0.0.1:65536',
  '::1:9100',
  'localhost:9100',
]) {
  test(`'${text}' is no listen address`, () => {
    assert.throws(() => parseListenAddress(text), {
      name: 'UipvsError',
      code: 'EINVAL',
      message:
        'Expected ADDRESS:PORT or [IPv6 address]:PORT, with a port from 1 to 65535, to listen on ' +
        `but received '${text}'`,
    });
  });
}
