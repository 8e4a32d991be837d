import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bracketedProcAddress } from '../../src/metrics/hex.js';
import { procConnections } from '../../src/metrics/proc-connections.js';
import { procServices } from '../../src/metrics/proc-services.js';
import { PROC_APPLICATIONS, procStats, procStatsPerProcessor } from '../../src/metrics/proc-stats.js';
import {
  CONNECTION_ROWS,
  destination,
  INFO,
  MORE_SERVICE_LISTINGS,
  marked,
  rowsOf,
  SERVICE_LISTINGS,
  service,
  TOTALS,
} from './recorded-listings.js';
import {
  CONNECTIONS,
  EMPTY_SERVICES,
  MORE_SERVICES,
  SERVICES,
  STATS,
  STATS_PER_PROCESSOR,
} from './recorded-proc-files.js';

function textOf(pieces: Iterable<string>): string {
  return [...pieces].join('');
}

describe('the texts of /proc/net', () => {
  for (const [name, services, expected] of [
    ['no services', [], EMPTY_SERVICES],
    ['services of every kind', SERVICE_LISTINGS, SERVICES],
    ['IPv6 addresses of every form and a mark in both families', MORE_SERVICE_LISTINGS, MORE_SERVICES],
  ] as const) {
    test(`ip_vs is the kernel's, byte for byte: ${name}`, () => {
      assert.equal(textOf(procServices(INFO, services)), expected);
    });
  }

  test("ip_vs_conn is the kernel's, byte for byte", () => {
    assert.equal(textOf(procConnections([rowsOf(CONNECTION_ROWS)])), CONNECTIONS);
  });

  test('ip_vs_conn is the same however the table is cut', () => {
    const singles = CONNECTION_ROWS.map((connection) => rowsOf([connection]));
    const nothing = rowsOf([]);
    assert.equal(textOf(procConnections([nothing, ...singles, nothing])), CONNECTIONS);
  });

  test('ip_vs_conn leaves out a connection that has expired, and has what is unusual whole', () => {
    const plain = [4, 6, 1, 64, 65535, 0, 1, 0, 0xfffffffe, 0, 0, 0, 1, 0, 0, 0, 0x7f000001, 0, 0, 0];
    const change = (words: Record<number, number>) => Object.assign([...plain], words);
    const rows = [
      change({ 3: 2 ** 32 - 1 }),
      change({ 1: 255, 2: 9, 3: 64 * 33_554_431 }),
      change({ 2: 99, 3: 0 }),
    ];
    const lines = textOf(procConnections([rowsOf(rows, ['', '', 'a\u00e9b'])]))
      .split('\n')
      .slice(1);
    assert.deepEqual(lines, [
      'IP_255 FFFFFFFE FFFF 00000001 0000 7F000001 0001 NONE        33554431',
      'TCP FFFFFFFE FFFF 00000001 0000 7F000001 0001 ERR!              0 sip a\u00e9b',
      '',
    ]);
  });

  test("ip_vs_stats is the kernel's, byte for byte", () => {
    assert.equal(procStats(TOTALS), STATS);
  });

  test("ip_vs_stats_percpu is the kernel's, byte for byte, of one processor", () => {
    assert.equal(procStatsPerProcessor(TOTALS), STATS_PER_PROCESSOR);
  });

  test('ip_vs_stats shows counters beyond 32 bits whole', () => {
    const counters = { ...TOTALS.counters, inPackets: 2 ** 33, inBytes: 2 ** 45 + 1 };
    const line = procStats({ ...TOTALS, counters }).split('\n')[2];
    assert.equal(line, '       9 200000000        B     200000000001              284');
  });

  test('ip_vs_app has its head only', () => {
    assert.equal(PROC_APPLICATIONS, 'prot port    usecnt name\n');
  });

  test('a local destination is called Local', () => {
    const local = service(marked(7), 'rr', {}, [destination('127.0.0.1:0', [1, 2, 3], 'local')]);
    const last = textOf(procServices(INFO, [local]))
      .split('\n')
      .at(-2);
    assert.equal(last, '  -> 7F000001:0000      Local   1      2          3         ');
  });

  test('a long ip_vs comes in pieces that are whole lines', () => {
    const destinations = Array.from({ length: 2500 }, (_, index) => destination(`10.1.0.1:${index + 1}`));
    const pieces = [...procServices(INFO, [service(marked(1), 'rr', {}, destinations)])];
    assert.ok(pieces.length > 2);
    assert.ok(pieces.every((piece) => piece.endsWith('\n')));
    assert.equal(textOf(pieces).split('\n').length, 3 + 1 + 2500 + 1);
  });
});

describe('addresses in /proc/net', () => {
  for (const [address, expected] of [
    ['0.0.0.0', '00000000'],
    ['255.255.255.255', 'FFFFFFFF'],
    ['10.9.0.1', '0A090001'],
    ['192.168.100.7', 'C0A86407'],
    ['::', '0000:0000:0000:0000:0000:0000:0000:0000'],
    ['2001:db8::a:b', '2001:0db8:0000:0000:0000:0000:000a:000b'],
  ] as const) {
    test(`${address} is ${expected}`, () => {
      assert.equal(bracketedProcAddress(address), address.includes(':') ? `[${expected}]` : expected);
    });
  }
});
