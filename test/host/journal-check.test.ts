import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JournalContent } from '../../src/host/journal.js';
import { readJournal } from '../../src/host/journal-check.js';

const LINK = { mtuBytes: 1500, queueLength: 500, addressGeneration: 'eui64', isMulticast: true, isUp: false };
const SETTING = { path: '/proc/sys/net/ipv4/ip_forward', before: '0', after: '1', overwritten: [] };
const MARK = { mark: 1, device: 'uipvs0m1', table: 2_155_610_113, link: LINK };
const RIGHT: JournalContent = {
  version: 1,
  owner: { pid: 7, startTicks: '123' },
  bootId: '8a0d6c1e-5e0f-4b0e-9c3c-0d6f4f1f2a3b',
  namespace: 'net:[4026531840]',
  device: 'uipvs0',
  table: 117,
  settings: [
    SETTING,
    {
      path: '/proc/sys/net/ipv6/conf/all/forwarding',
      before: '0',
      after: '1',
      overwritten: [{ path: '/proc/sys/net/ipv6/conf/eth0.7@x/forwarding', before: '1' }],
    },
    { ...SETTING, path: '/proc/sys/net/ipv4/ip_local_reserved_ports', before: '', after: '8080,61000-65534' },
    { ...SETTING, path: '/proc/sys/net/ipv4/neigh/eth0/proxy_delay', before: '80', after: '0' },
  ],
  link: LINK,
  marks: [MARK],
  hasFilter: true,
};

const read = (change: Readonly<Record<string, unknown>>): JournalContent | string | null =>
  readJournal(JSON.stringify({ ...RIGHT, ...change }), RIGHT.bootId);

describe('what a journal says', () => {
  it('is taken as it was written', () => {
    assert.deepEqual(read({}), RIGHT);
    assert.deepEqual(read({ link: null }), { ...RIGHT, link: null });
  });

  it('may be an earlier daemon’s, without marks and filter', () => {
    assert.deepEqual(read({ marks: undefined, hasFilter: undefined }), {
      ...RIGHT,
      marks: [],
      hasFilter: false,
    });
  });

  it('is of no consequence where it is of another boot, whatever it says besides', () => {
    assert.equal(read({ bootId: 'another', settings: 7, version: 9 }), null);
  });

  it('is not taken along where it means nothing', () => {
    assert.deepEqual(read({ further: 'field' }), RIGHT);
  });

  const settings = (change: object): Record<string, unknown> => ({ settings: [{ ...SETTING, ...change }] });
  const paths = [
    '/proc/sys/kernel/core_pattern',
    '/etc/passwd',
    '/proc/sys/net/ipv4/../../kernel/core_pattern',
    '/proc/sys/net/ipv4/conf/../../../kernel/core_pattern',
    '/proc/sys/net/ipv4/conf/./forwarding',
    '/proc/sys/net/ipv4/conf/a/b/forwarding',
    '/proc/sys/net/ipv4//ip_forward',
    '/proc/sys/net/core/bpf_jit_enable',
    '/proc/sys/net/ipv4/ip_forward\n',
    'proc/sys/net/ipv4/ip_forward',
    '',
    7,
  ];
  for (const [what, change] of [
    ...paths.map((path) => [`a path ${JSON.stringify(path)}`, settings({ path })] as const),
    ...paths.map((path) => {
      return [
        `an overwritten ${JSON.stringify(path)}`,
        settings({ overwritten: [{ path, before: '1' }] }),
      ] as const;
    }),
    ['a value that is a command', settings({ before: '|/bin/x' })],
    ['a value of two lines', settings({ before: '1\n2' })],
    ['a value that is no text', settings({ before: 1 })],
    ['a long value', settings({ after: '1'.repeat(65_537) })],
    ['settings that are no list', { settings: { length: 1 } }],
    ['overwritten ones that are no list', settings({ overwritten: null })],
    ['another version', { version: 2 }],
    ['a process that is a path', { owner: { pid: '../1', startTicks: '1' } }],
    ['process 0', { owner: { pid: 0, startTicks: '1' } }],
    ['no process', { owner: null }],
    ['a device of two words', { device: 'a b' }],
    ['a device of two lines', { device: 'a\nlink set eth0 down' }],
    ['a device with a long name', { device: 'a'.repeat(16) }],
    ['a device that is a path', { device: '..' }],
    ['table main', { table: 254 }],
    ['a table in words', { table: '117 dev eth0' }],
    ['half a table', { table: 1.5 }],
    ['mark 0', { marks: [{ ...MARK, mark: 0 }] }],
    ['a mark of a strange device', { marks: [{ ...MARK, device: 'a;b' }] }],
    ['a mark of the local table', { marks: [{ ...MARK, table: 255 }] }],
    ['a mark without a link', { marks: [{ ...MARK, link: null }] }],
    ['an mtu in words', { link: { ...LINK, mtuBytes: '1500 up' } }],
    ['a queue without end', { link: { ...LINK, queueLength: 1e300 } }],
    ['addresses made by a command', { link: { ...LINK, addressGeneration: 'none\nlink del eth0' } }],
    ['a device that is perhaps up', { link: { ...LINK, isUp: 'yes' } }],
    ['a filter in words', { hasFilter: 'no' }],
    ['another kind of namespace', { namespace: 'mnt:[1]' }],
    ['a boot that is a path', { bootId: '../x' }],
    ['no boot', { bootId: undefined }],
  ] as const) {
    it(`is refused with ${what}`, () => assert.match(read(change) as string, /^expected .* but found /));
  }

  for (const text of ['', 'null', '[]', '{', '7', '{"version":1}']) {
    it(`is refused where it is ${text === '' ? 'nothing' : text}`, () => {
      assert.equal(typeof readJournal(text, RIGHT.bootId), 'string');
    });
  }
});
