import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { escapeLabelValue, labelText, metricHead, sample } from '../../src/metrics/exposition.js';
import { ipvsSeries } from '../../src/metrics/ipvs-series.js';
import { upcallHistogram } from '../../src/metrics/upcall-histogram.js';
import {
  at,
  destination,
  MORE_SERVICE_LISTINGS,
  marked,
  SERVICE_LISTINGS,
  service,
  TOTALS,
} from './recorded-listings.js';
import { MORE_SERIES, SERIES } from './recorded-node-exporter.js';

const COUNTERS = { connections: 1, inPackets: 2, outPackets: 3, inBytes: 4, outBytes: 5 };

function linesOf(pieces: Iterable<string>): string[] {
  return [...pieces].join('').split('\n').slice(0, -1);
}

function isOfNodeExporter(line: string): boolean {
  return line.includes('node_ipvs_');
}

describe('the series of node_exporter', () => {
  const withoutSctp = SERVICE_LISTINGS.filter(({ key }) => key.kind === 'fwmark' || key.protocol !== 'sctp');

  for (const [name, services, expected] of [
    ['services of every kind', withoutSctp, SERIES],
    ['addresses and marks that look the same in metrics', MORE_SERVICE_LISTINGS, MORE_SERIES],
  ] as const) {
    test(`are what node_exporter says of the kernel's files, line for line: ${name}`, () => {
      const lines = linesOf(ipvsSeries(services, TOTALS)).filter(isOfNodeExporter);
      assert.deepEqual(lines.sort(), [...expected].sort());
    });
  }

  test('name SCTP services, of which node_exporter knows nothing', () => {
    const lines = linesOf(ipvsSeries(SERVICE_LISTINGS, TOTALS));
    const labels =
      'local_address="10.9.0.1",local_mark="",local_port="90",proto="SCTP",remote_address="10.1.0.11",remote_port="90"';
    assert.ok(lines.includes(`node_ipvs_backend_connections_inactive{${labels}} 1`));
  });

  test('are the totals alone where there is no service', () => {
    const lines = linesOf(ipvsSeries([], TOTALS)).filter((line) => !line.startsWith('#'));
    assert.deepEqual(lines, [
      'node_ipvs_connections_total 9',
      'node_ipvs_incoming_packets_total 17',
      'node_ipvs_outgoing_packets_total 11',
      'node_ipvs_incoming_bytes_total 1022',
      'node_ipvs_outgoing_bytes_total 644',
    ]);
  });

  test('add up what has the same labels', () => {
    const both = [marked(9), marked(9, 6)].map((key) => ({
      ...service(key, 'rr', {}, [destination('10.1.0.11:0', [2, 3, 4], 'tunneling')]),
      counters: COUNTERS,
    }));
    const lines = linesOf(ipvsSeries(both, TOTALS)).filter((line) => line.includes('00000009'));
    const local = 'local_address="",local_mark="00000009",local_port="0",proto="FWM"';
    const remote = 'remote_address="10.1.0.11",remote_port="0"';
    assert.deepEqual(lines, [
      `node_ipvs_backend_connections_active{${local},${remote}} 6`,
      `node_ipvs_backend_connections_inactive{${local},${remote}} 8`,
      `node_ipvs_backend_weight{${local},${remote}} 4`,
      `uipvs_service_connections_total{${local}} 2`,
      `uipvs_service_incoming_packets_total{${local}} 4`,
      `uipvs_service_outgoing_packets_total{${local}} 6`,
      `uipvs_service_incoming_bytes_total{${local}} 8`,
      `uipvs_service_outgoing_bytes_total{${local}} 10`,
    ]);
  });
});

test('every service has its own counters, destinations or not', () => {
  const lonely = { ...service(at('udp', '[fd09::1]:53'), 'rr', {}, []), counters: COUNTERS };
  const samples = linesOf(ipvsSeries([lonely], TOTALS)).filter((line) => line.startsWith('uipvs_service_'));
  const labels = 'local_address="fd09::1",local_mark="",local_port="53",proto="UDP"';
  assert.deepEqual(samples, [
    `uipvs_service_connections_total{${labels}} 1`,
    `uipvs_service_incoming_packets_total{${labels}} 2`,
    `uipvs_service_outgoing_packets_total{${labels}} 3`,
    `uipvs_service_incoming_bytes_total{${labels}} 4`,
    `uipvs_service_outgoing_bytes_total{${labels}} 5`,
  ]);
});

test('no piece of a large listing is long', () => {
  const services = Array.from({ length: 60 }, (_, index) => {
    const destinations = Array.from({ length: 100 }, (_, port) => destination(`10.1.0.11:${port + 1}`));
    return service(at('tcp', `10.9.0.1:${index + 1}`), 'rr', {}, destinations);
  });
  const lengths = [...ipvsSeries(services, TOTALS)].map((piece) => piece.split('\n').length);
  assert.ok(Math.max(...lengths) <= 256 + 3, `${Math.max(...lengths)} lines`);
  assert.ok(lengths.length > 70);
});

describe('the text format', () => {
  test('escapes backslash, quote and line feed in label values, and no quote in help', () => {
    assert.equal(escapeLabelValue('a\\b"c\nd'), 'a\\\\b\\"c\\nd');
    assert.equal(labelText({ one: '"', two: 'x' }), 'one="\\"",two="x"');
    assert.equal(metricHead('m', 'a\\b"c\nd', 'gauge'), '# HELP m a\\\\b"c\\nd\n# TYPE m gauge\n');
  });

  for (const [value, expected] of [
    [0, '0'],
    [0.25, '0.25'],
    [999999, '999999'],
    [1000000, '1e+06'],
    [2147483647, '2.147483647e+09'],
    [2 ** 53, '9.007199254740992e+15'],
    [1e21, '1e+21'],
    [Infinity, '+Inf'],
  ] as const) {
    test(`writes ${value} as Go does`, () => assert.equal(sample('m', '', value), `m ${expected}\n`));
  }
});

test('the histogram of upcalls has buckets, sum and count', () => {
  const buckets = [
    { upperSeconds: 0.001, count: 4 },
    { upperSeconds: 0.01, count: 6 },
  ];
  assert.deepEqual(linesOf([upcallHistogram({ count: 7, sumSeconds: 0.0125, buckets })]), [
    '# HELP uipvs_upcall_duration_seconds Time from the parking of a first packet to its verdict.',
    '# TYPE uipvs_upcall_duration_seconds histogram',
    'uipvs_upcall_duration_seconds_bucket{le="0.001"} 4',
    'uipvs_upcall_duration_seconds_bucket{le="0.01"} 6',
    'uipvs_upcall_duration_seconds_bucket{le="+Inf"} 7',
    'uipvs_upcall_duration_seconds_sum 0.0125',
    'uipvs_upcall_duration_seconds_count 7',
  ]);
});
