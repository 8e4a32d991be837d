import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_PEERS, OTHER_PEERS, TRIALS } from './catalogue.js';
import { page } from './charts/page.js';
import { chart } from './charts/picture.js';
import { readOptions } from './options.js';
import { families, turnsOf } from './run.js';
import type { Sample } from './sample.js';
import { median, summarize } from './summary.js';
import { table } from './table.js';
import { judge } from './targets.js';

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
    workerMicrosecondsPerOperation: peer === 'uipvs' ? 30 : null,
    directorPeakKilobytes: peer === 'nft' ? null : 2048,
    neighbourPercent: 0,
    isDisturbed,
    fault: value === null ? 'it failed' : null,
    isAvailable: true,
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

const VARIANTS = ['uipvs', 'uipvs-reinject-tun', 'uipvs-packet'];
const PLAN = { peers: DEFAULT_PEERS, rounds: 1, takesPart: () => true };

describe('the order of samples', () => {
  test('every round starts with another peer, and each peer has its turn in every round', () => {
    const turns = turnsOf({
      trials: CONNECTIONS,
      peers: DEFAULT_PEERS.slice(0, 3),
      rounds: 3,
      takesPart: () => true,
    });
    assert.equal(
      turns.map(({ peer, round }) => `${round}${peer.name}`).join(' '),
      '1uipvs 1uipvs-reinject-tun 1uipvs-packet 2uipvs-reinject-tun 2uipvs-packet 2uipvs 3uipvs-packet 3uipvs 3uipvs-reinject-tun',
    );
  });

  test('a peer without UDP has no turn in a UDP trial', () => {
    const trials = TRIALS.filter(({ name }) => name === 'udp-rate');
    const peers = turnsOf({ ...PLAN, trials }).map(({ peer }) => peer.name);
    assert.deepEqual(peers, [...VARIANTS, 'nft', 'nginx', 'pen', 'node', 'direct']);
  });

  test('a trial that wants something of uipvs has turns of uipvs only', () => {
    const trials = TRIALS.filter(({ name }) => name === 'upcalls');
    assert.deepEqual(
      turnsOf({ ...PLAN, trials }).map(({ peer }) => peer.name),
      VARIANTS,
    );
  });

  test('a round has all trials of a family', () => {
    const trials = TRIALS.filter(({ family }) => family?.name === 'services');
    const turns = turnsOf({ ...PLAN, trials, peers: DEFAULT_PEERS.slice(0, 1), rounds: 2 });
    assert.deepEqual(
      turns.map(({ trial, round }) => `${round} ${trial.name}`),
      ['1 services-1', '1 services-10000', '2 services-1', '2 services-10000'],
    );
  });

  test('trials of a family have one unit', () => {
    for (const family of families(TRIALS)) assert.equal(new Set(family.map(({ unit }) => unit)).size, 1);
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

const FINDINGS = {
  trials: CONNECTIONS,
  peers: DEFAULT_PEERS,
  summaries: summarize(SAMPLES),
  unavailable: new Map([['uipvs-packet', 'no such option']]),
};

describe('what is shown', () => {
  test('the table has a line for every peer with samples, and for those that cannot run', () => {
    const peers = DEFAULT_PEERS.filter(({ name }) => !['uipvs-packet', 'node'].includes(name)).slice(0, 5);
    assert.equal(
      table(CONNECTIONS, peers, summarize(SAMPLES), new Map([['uipvs-reinject-tun', 'unknown option']])),
      `New connections, 1/s (more is better); CPU in us/connection
                                    median        min-max  /haproxy  /nft    CPU  director  worker  peak MB
  uipvs (tun)                       11,000  10,000-12,000      2.00  0.55  100.0      40.0    30.0        2  p99 1,200 us, 1 of 2 disturbed
  uipvs (tun, reinject tun)  not available
  nftables DNAT                     20,000  20,000-20,000      3.64  1.00  100.0         -       -        -  p99 1,200 us
  HAProxy TCP                        5,500    5,500-5,500      1.00  0.28  100.0      40.0       -        2  p99 1,200 us
`,
    );
  });

  test('the chart names every peer and figure, and escapes its subtitle', () => {
    const svg = chart(FINDINGS, 'a < b & c');
    for (const text of ['>uipvs (tun)<', '>11,000<', '>not available<', 'a &lt; b &amp; c'])
      assert.ok(svg.includes(text), text);
    assert.equal(svg.match(/<rect /g)?.length, 1 + 3, 'the background and three bars');
  });

  test('the page is whole: verdicts, bars, lines, figures, and nothing from elsewhere', () => {
    const trials = TRIALS.filter(({ name, family }) => name === 'connections' || family?.name === 'services');
    const samples = [
      ...SAMPLES,
      sample('services-1', 'uipvs', 200_000),
      sample('services-10000', 'uipvs', 150_000),
    ];
    const summaries = summarize(samples);
    const html = page(
      { ...FINDINGS, trials, summaries },
      judge(summaries, new Set(['uipvs-packet'])),
      'a < b',
    );
    for (const text of [
      '>missed<',
      '>not available<',
      '<polyline ',
      '>150,000',
      'a &lt; b',
      'no such option',
    ])
      assert.ok(html.includes(text), text);
    assert.doesNotMatch(html.replaceAll('http://www.w3.org/2000/svg', ''), /https?:|src=|href=|<script/);
  });
});

describe('the command line', () => {
  test('without arguments it is a complete run of three rounds', () => {
    const { plan, isComplete } = readOptions([]);
    assert.deepEqual([plan.rounds, plan.trials, plan.peers, isComplete], [3, TRIALS, DEFAULT_PEERS, true]);
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

  test('--only takes a family too, and usual peers unless peers are named', () => {
    const { plan } = readOptions(['--only', 'services']);
    assert.deepEqual(
      plan.trials.map(({ name }) => name),
      ['services-1', 'services-10000'],
    );
    assert.deepEqual(
      turnsOf({ ...plan, rounds: 1, trials: plan.trials.slice(0, 1) }).map(({ peer }) => peer.name),
      ['uipvs', 'uipvs-packet'],
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
