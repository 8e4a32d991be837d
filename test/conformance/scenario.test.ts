import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UipvsError } from '../../src/base/error.js';
import { parseScenario, type Step } from './scenario.js';

const READABLE: readonly (readonly [line: string, step: Step])[] = [
  ['vip 10.9.0.1', { kind: 'vip', address: '10.9.0.1' }],
  ['adm', { kind: 'adm', words: [], isSorted: false }],
  ['adm -L  -n', { kind: 'adm', words: ['-L', '-n'], isSorted: false }],
  ['sorted -Lnc', { kind: 'adm', words: ['-Lnc'], isSorted: true }],
  ['restore -C\\n-A -t 10.9.0.1:80', { kind: 'restore', input: '-C\n-A -t 10.9.0.1:80\n' }],
  ['serve rs4 udp 53', { kind: 'serve', host: 'rs4', protocol: 'udp', port: 53 }],
  [
    'open a tcp 10.0.0.2:4001 10.9.0.1:80',
    {
      kind: 'open',
      name: 'a',
      source: { address: '10.0.0.2', port: 4001 },
      target: { address: '10.9.0.1', port: 80 },
    },
  ],
  [
    'udp fd00::2:4001 [fd09::1]:53',
    { kind: 'udp', source: { address: 'fd00::2', port: 4001 }, target: { address: 'fd09::1', port: 53 } },
  ],
  ['ask a', { kind: 'ask', name: 'a' }],
  ['close a', { kind: 'close', name: 'a' }],
  ['reset a', { kind: 'reset', name: 'a' }],
  ['ping 10.0.0.2 10.9.0.1', { kind: 'ping', source: '10.0.0.2', target: '10.9.0.1' }],
  ['sleep 1.5', { kind: 'sleep', delayMs: 1500 }],
  ['vary s/a b/c/', { kind: 'vary', expression: 's/a b/c/' }],
];

for (const [line, step] of READABLE) {
  test(`'${line}' is a step`, () => {
    assert.deepEqual(parseScenario(line, 'x.txt'), [step]);
  });
}

test('empty lines and comments are no steps', () => {
  const text = '# a story\n\n   # indented\nask a # and then\n';
  assert.deepEqual(parseScenario(text, 'x.txt'), [{ kind: 'ask', name: 'a' }]);
});

const UNREADABLE: readonly (readonly [line: string, words: RegExp])[] = [
  ['listen rs1', /a step but received 'listen'/],
  ['vip nowhere', /an address but received 'nowhere'/],
  ['vip', /1 words after 'vip'/],
  ['serve rs5 tcp 80', /rs1\.\.rs4 but received 'rs5'/],
  ['serve rs1 sctp 80', /'tcp' or 'udp' but received 'sctp'/],
  ['serve rs1 tcp 65536', /a port but received '65536'/],
  ['open a udp 10.0.0.2:1 10.9.0.1:1', /'tcp' but received 'udp'/],
  ['udp 10.0.0.2 10.9.0.1:53', /an address but received ''/],
  ['sleep soon', /seconds but received 'soon'/],
];

for (const [line, words] of UNREADABLE) {
  test(`'${line}' is refused with its place`, () => {
    assert.throws(
      () => parseScenario(`# first line\n${line}`, 'x.txt'),
      (thrown: UipvsError) => {
        assert.ok(thrown instanceof UipvsError);
        assert.equal(thrown.code, 'EINVAL');
        assert.match(thrown.message, /^x\.txt:2: Expected /);
        assert.match(thrown.message, words);
        return true;
      },
    );
  });
}
