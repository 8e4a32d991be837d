import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseEchoLoad } from './tools/echo-load.js';
import { parseIperf3 } from './tools/iperf3.js';
import { gauge, growth, histogram, quantile } from './tools/metrics.js';
import { manyServices } from './tools/service-lists.js';
import { parsePingPong, parseThroughput } from './tools/sockperf.js';
import { parseWrk } from './tools/wrk.js';

const WRK = `Running 2s test @ http://10.1.0.11/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     2.46ms    1.55ms  11.67ms   70.03%
    Req/Sec    12.59k     1.55k   15.94k    65.00%
  Latency Distribution
     50%  937.00us
     99%    7.43ms
  25175 requests in 2.01s, 3.48MB read
Requests/sec:  12518.92
`;

describe('reading the tools', () => {
  test('wrk: requests, rate and percentiles in microseconds', () => {
    assert.deepEqual(parseWrk(WRK), {
      requests: 25175,
      requestsPerSecond: 12518.92,
      p50Microseconds: 937,
      p99Microseconds: 7430,
      faults: [],
    });
  });

  for (const fault of [
    'Socket errors: connect 0, read 3, write 0, timeout 1',
    'Non-2xx or 3xx responses: 7',
  ]) {
    test(`wrk: "${fault}" is a fault`, () => {
      assert.deepEqual(parseWrk(WRK.replace('Requests/sec', `  ${fault}\nRequests/sec`)).faults, [fault]);
    });
  }

  test('wrk: another text is refused and shown', () => {
    assert.throws(() => parseWrk('unable to connect'), /received: unable to connect/);
  });

  test('sockperf ping-pong: round trips and percentiles', () => {
    const text = `sockperf: [Total Run] RunTime=2.000 sec; Warm up time=400 msec; SentMessages=23702; ReceivedMessages=23701
sockperf: ---> percentile 99.000 =  151.043
sockperf: ---> percentile 50.000 =   88.891`;
    assert.deepEqual(parsePingPong(text), {
      roundTrips: 23701,
      p50Microseconds: 88.891,
      p99Microseconds: 151.043,
    });
  });

  test('sockperf throughput: messages sent and seconds', () => {
    const text = 'sockperf: Total of 346556 messages sent in 2.000 sec';
    assert.deepEqual(parseThroughput(text), { sent: 346556, seconds: 2 });
  });

  test('iperf3: what the receiver got, summed over the flows', () => {
    const end = { sum_sent: { retransmits: 5 }, sum_received: { bytes: 1000, bits_per_second: 4000 } };
    assert.deepEqual(parseIperf3(JSON.stringify({ end })), {
      receivedBytes: 1000,
      receivedBitsPerSecond: 4000,
      retransmits: 5,
    });
  });

  test('iperf3: its own error is passed on', () => {
    const text = JSON.stringify({ end: {}, error: 'unable to connect to server' });
    assert.throws(() => parseIperf3(text), /unable to connect to server/);
  });

  test('echo_load: the reports of its phases, and nothing else', () => {
    const report = '{"sent": 10, "received": 9, "p50Us": 20.5, "p99Us": 30.0, "p999Us": 31.0, "maxUs": 40.0}';
    const phase = { sent: 10, received: 9, p50Us: 20.5, p99Us: 30, p999Us: 31, maxUs: 40 };
    assert.deepEqual(parseEchoLoad(`phase 1\nphase 2\n${report}\n${report}\n`), [phase, phase]);
  });
});

describe('reading the metrics', () => {
  const text = (counts: readonly number[]): string =>
    ['0.0001', '0.00025', '0.0005', '+Inf']
      .map((upper, index) => `waiting_seconds_bucket{le="${upper}"} ${counts[index]}\n`)
      .join('');

  test('a quantile is estimated within its bucket, of what has been counted in between', () => {
    const before = histogram(text([5, 5, 5, 5]), 'waiting_seconds');
    const cells = growth(before, histogram(text([55, 85, 105, 105]), 'waiting_seconds'));
    assert.deepEqual(
      [0.5, 0.65, 0.8, 0.9].map((share) => Math.round(quantile(cells, share))),
      [100, 175, 250, 375],
    );
  });

  test('a quantile above the last finite bound is that bound, and of nothing not a number', () => {
    assert.equal(quantile(histogram(text([0, 0, 1, 100]), 'waiting_seconds'), 0.99), 500);
    assert.equal(quantile(histogram(text([0, 0, 0, 0]), 'waiting_seconds'), 0.99), Number.NaN);
  });

  test('a gauge is read by its whole name', () => {
    const exposition = 'uipvs_connections_limit 7\nuipvs_connections 1000000\n';
    assert.equal(gauge(exposition, 'uipvs_connections'), 1_000_000);
    assert.throws(() => gauge(exposition, 'uipvs_connection'), /a series uipvs_connection but/);
  });
});

describe('very many services', () => {
  const { additions, deletions } = manyServices('udp');

  test('are 110,000 lines, 10 servers behind each of 10,000 services', () => {
    assert.deepEqual([additions.length, deletions.length], [110_000, 10_000]);
    assert.equal(new Set(additions).size, 110_000);
    assert.deepEqual(additions.slice(10, 13), [
      '-a -u 10.9.1.0:5000 -r 10.1.0.110:5000 -m -w 1',
      '-A -u 10.9.1.0:5001 -s rr',
      '-a -u 10.9.1.0:5001 -r 10.1.0.101:5001 -m -w 1',
    ]);
  });
});
