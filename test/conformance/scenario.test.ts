import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UipvsError } from '../../src/base/error.js';
import { parseScenario, type Step } from './scenario.js';

const READABLE: readonly (readonly [line: string, step: Step])[] = [
  ['vip 10.9.0.1', { kind: 'vip', address: '10.9.0.1' }],
  ['adm', { kind: 'adm', words: [], isSorted: false }],
  ['adm -L  -n', { kind: 'adm', words: ['-L', '-n'], isSorted: false }],
  ['sorted -Lnc', { kind: 'adm', words: ['-Lnc'], isSorted: true }],
  ['restore -C\\n-A -t 10.9.0.1:80', { kind: 'restore', input: '-C\n-A -t 10.9.0.1:80\n', isAtomic: false }],
  ['restore --atomic -C\\n-L', { kind: 'restore', input: '-C\n-L\n', isAtomic: true }],
  ['sysctl drop_entry', { kind: 'sysctl', name: 'drop_entry', value: null }],
  ['sysctl sync_threshold=3 50', { kind: 'sysctl', name: 'sync_threshold', value: '3 50' }],
  ['sorted-proc ip_vs', { kind: 'proc', name: 'ip_vs', isSorted: true }],
  [
    'mark 5 sctp [fd09::1]:80',
    { kind: 'mark', mark: 5, protocol: 'sctp', target: { address: 'fd09::1', port: 80 } },
  ],
  ['mute fd00::5', { kind: 'mute', address: 'fd00::5' }],
  [
    'send syn,ack 10.1.0.11:80 10.0.0.5:4001-4003',
    {
      kind: 'send',
      content: { protocol: 'tcp', flags: 0x12 },
      source: { address: '10.1.0.11', ports: [80] },
      target: { address: '10.0.0.5', ports: [4001, 4002, 4003] },
    },
  ],
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
  [
    'send udp [fd00::5]:4001-4021/10 [fd09::1]:80',
    {
      kind: 'send',
      content: { protocol: 'udp', payload: '?' },
      source: { address: 'fd00::5', ports: [4001, 4011, 4021] },
      target: { address: 'fd09::1', ports: [80] },
    },
  ],
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
  ['mark x tcp 10.9.0.1:80', /a number but received 'x'/],
  ['mark 5 icmp 10.9.0.1:80', /'tcp', 'udp' or 'sctp' but received 'icmp'/],
  ['send syn 10.0.0.5:4003-4001 10.9.0.1:80', /a range of ports but received '4003-4001'/],
  ['send sync 10.0.0.5:4001 10.9.0.1:80', /SCTP chunks but received 'sync'/],
  ['sysctl', /NAME or NAME=VALUE but received ''/],
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
