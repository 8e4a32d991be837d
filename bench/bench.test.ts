import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_PEERS, OTHER_PEERS, TRIALS } from './catalogue.js';
import { chart } from './chart.js';
import { readOptions } from './options.js';
import { turnsOf } from './run.js';
import type { Sample } from './sample.js';
import { median, summarize } from './summary.js';
import { table } from './table.js';
import { parseIperf3 } from './tools/iperf3.js';
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

function sample(trial: string, peer: string, value: number | null, isDisturbed = false): Sample {
  return {
    trial,
    peer,
    round: 1,
    startedAt: '2026-01-01T00:00:00.000Z',
    value,
    details: { p99Microseconds: 1200 },
    machineMicrosecondsPerOperation: 100,
    directorMicrosecondsPerOperation: 40,
    directorPeakKilobytes: peer === 'nft' ? null : 2048,
    neighbourPercent: 0,
    isDisturbed,
    fault: value === null ? 'it failed' : null,
  };
}

const CONNECTIONS = TRIALS.filter(({ name }) => name === 'connections');
const SAMPLES = [
  sample('connections', 'uipvs', 10_000),
  sample('connections', 'uipvs', null),
  sample('connections', 'uipvs', 12_000, true),
  sample('connections', 'nft', 20_000),
  sample('connections', 'haproxy', 5500),
];

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
});

describe('the order of samples', () => {
  test('every round starts with another peer, and each peer has its turn in every round', () => {
    const turns = turnsOf({ trials: CONNECTIONS, peers: DEFAULT_PEERS.slice(0, 3), rounds: 3 });
    assert.equal(
      turns.map(({ peer, round }) => `${round}${peer.name}`).join(' '),
      '1uipvs 1nft 1haproxy 2nft 2haproxy 2uipvs 3haproxy 3uipvs 3nft',
    );
  });

  test('a peer without UDP has no turn in a UDP trial', () => {
    const trials = TRIALS.filter(({ name }) => name === 'udp-rate');
    const peers = turnsOf({ trials, peers: DEFAULT_PEERS, rounds: 1 }).map(({ peer }) => peer.name);
    assert.deepEqual(peers, ['uipvs', 'nft', 'nginx', 'direct']);
  });

  test('names of trials and peers are different', () => {
    for (const names of [TRIALS, [...DEFAULT_PEERS, ...OTHER_PEERS]].map((all) =>
      all.map(({ name }) => name),
    )) {
      assert.equal(new Set(names).size, names.length);
    }
  });
});

describe('the summary', () => {
  for (const { values, expected } of [
    { values: [3], expected: 3 },
    { values: [9, 1, 5], expected: 5 },
    { values: [1, 10, 2, 3], expected: 2.5 },
    { values: [], expected: Number.NaN },
  ]) {
    test(`the median of ${JSON.stringify(values)} is ${expected}`, () => {
      assert.equal(median(values), expected);
    });
  }

  test('a sample thrown away is counted, but its figures are not used', () => {
    const [uipvs] = summarize(SAMPLES);
    assert.deepEqual(
      [uipvs?.used, uipvs?.disturbed, uipvs?.thrownAway, uipvs?.median, uipvs?.min, uipvs?.max],
      [2, 1, 1, 11_000, 10_000, 12_000],
    );
  });

  test('ratios are to the medians of haproxy and nft, and null without them', () => {
    const [uipvs] = summarize(SAMPLES);
    assert.deepEqual([uipvs?.ratioToHaproxy, uipvs?.ratioToNft], [2, 0.55]);
    const [alone] = summarize([sample('latency', 'uipvs', 30)]);
    assert.deepEqual([alone?.ratioToHaproxy, alone?.ratioToNft], [null, null]);
  });
});

describe('what is shown', () => {
  test('the table has a line for every peer, n/a without a sample', () => {
    const peers = DEFAULT_PEERS.slice(0, 4);
    assert.equal(
      table(CONNECTIONS, peers, summarize(SAMPLES)),
      `New connections, 1/s (more is better); CPU in us/connection
           median        min-max  /haproxy  /nft    CPU  director  peak MB
  uipvs    11,000  10,000-12,000      2.00  0.55  100.0      40.0        2  p99 1,200 us, 1 of 2 disturbed
  nft      20,000  20,000-20,000      3.64  1.00  100.0         -        -  p99 1,200 us
  haproxy   5,500    5,500-5,500      1.00  0.28  100.0      40.0        2  p99 1,200 us
  nginx       n/a
`,
    );
  });

  test('the chart names every peer and figure, and escapes its subtitle', () => {
    const svg = chart(CONNECTIONS, DEFAULT_PEERS, summarize(SAMPLES), 'a < b & c');
    for (const text of ['>uipvs<', '>11,000<', '>direct<', '>n/a<', 'a &lt; b &amp; c'])
      assert.ok(svg.includes(text), text);
    assert.equal(svg.match(/<rect /g)?.length, 1 + 3, 'the background and three bars');
  });
});

describe('the command line', () => {
  test('without arguments it is a complete run of three rounds', () => {
    const { plan, isComplete } = readOptions([]);
    assert.deepEqual([plan.rounds, plan.trials.length, plan.peers.length, isComplete], [3, 8, 5, true]);
  });

  test('fewer rounds do not replace the latest results, more do', () => {
    assert.equal(readOptions(['--rounds', '2']).isComplete, false);
    assert.equal(readOptions(['--rounds', '4']).isComplete, true);
  });

  test('--quick, --only and --peers make a partial run', () => {
    const { plan, isComplete } = readOptions(['--quick', '--only', 'latency', '--peers', 'haproxy-1,nft']);
    assert.deepEqual(
      [plan.rounds, plan.trials.map(({ name }) => name), plan.peers.map(({ name }) => name), isComplete],
      [1, ['latency'], ['haproxy-1', 'nft'], false],
    );
  });

  for (const args of [
    ['--rounds', '0'],
    ['--rounds', 'x'],
    ['--only', 'speed'],
    ['--peers', 'lvs'],
  ]) {
    test(`${args.join(' ')} is refused with what was received`, () => {
      assert.throws(() => readOptions(args), new RegExp(`received ${args[1]}$`));
    });
  }
});
