import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_PEERS, TRIALS } from './catalogue.js';
import type { Summary } from './summary.js';
import { targetTable } from './table.js';
import { isNeeded, judge, TARGETS, type Target } from './targets.js';

function summary(trial: string, peer: string, median: number, details: Record<string, number> = {}): Summary {
  return {
    trial,
    peer,
    used: 3,
    disturbed: peer === 'nginx' ? 1 : 0,
    thrownAway: 0,
    median,
    min: median,
    max: median,
    ratioToHaproxy: null,
    ratioToNft: null,
    details,
    machineMicrosecondsPerOperation: 1,
    directorMicrosecondsPerOperation: 1,
    workerMicrosecondsPerOperation: null,
    directorPeakKilobytes: null,
  };
}

const NONE: ReadonlySet<string> = new Set();

function target(quantity: Target['quantity'], bound: Target['bound'], required: number): Target {
  return { figure: 'speed', quantity, bound, required };
}

describe('what must be reached', () => {
  test('every target names trials and peers that there are', () => {
    const trials = new Set(TRIALS.map(({ name }) => name));
    const peers = new Set(DEFAULT_PEERS.map(({ name }) => name));
    for (const { quantity, against } of TARGETS) {
      for (const one of [quantity, against ?? quantity]) {
        assert.ok(trials.has(one.trial), one.trial);
        assert.ok(peers.has(one.peer), one.peer);
      }
    }
  });

  test('both devices have the same figures to reach', () => {
    const figuresOf = (peer: string): string[] => [
      ...new Set(TARGETS.filter(({ quantity }) => quantity.peer === peer).map(({ figure }) => figure)),
    ];
    assert.deepEqual(figuresOf('uipvs'), figuresOf('uipvs-packet'));
  });

  test('a quick run takes what targets compare, and nothing else', () => {
    assert.deepEqual(
      DEFAULT_PEERS.filter(({ name }) => isNeeded('connections', name)).map(({ name }) => name),
      ['uipvs', 'uipvs-packet', 'nft', 'haproxy', 'nginx'],
    );
    assert.equal(isNeeded('live-10', 'uipvs'), false);
  });

  const quantity = { trial: 'connections', peer: 'uipvs' };
  for (const { bound, required, verdict } of [
    { bound: 'at least', required: 1.2, verdict: 'reached' },
    { bound: 'at least', required: 1.21, verdict: 'missed' },
    { bound: 'at most', required: 1.2, verdict: 'reached' },
    { bound: 'at most', required: 1.19, verdict: 'missed' },
  ] as const) {
    test(`a ratio of 1.2 that is to be ${bound} ${required} is ${verdict}`, () => {
      const summaries = [summary('connections', 'uipvs', 120), summary('connections', 'haproxy', 100)];
      const against = { trial: 'connections', peer: 'haproxy', label: 'HAProxy' };
      const [judgement] = judge(summaries, NONE, [{ ...target(quantity, bound, required), against }]);
      assert.deepEqual([judgement?.reached, judgement?.verdict], [1.2, verdict]);
    });
  }

  test('a detail is judged by itself', () => {
    const detail = { ...quantity, detail: 'connectionBytes' };
    const summaries = [summary('connections', 'uipvs', 1, { connectionBytes: 84 })];
    assert.equal(judge(summaries, NONE, [target(detail, 'at most', 84)])[0]?.verdict, 'reached');
  });

  test('what was not measured is no verdict, and a peer that cannot run says so', () => {
    const targets = [target(quantity, 'at least', 1)];
    assert.equal(judge([], NONE, targets)[0]?.verdict, 'not measured');
    assert.equal(judge([], new Set(['uipvs']), targets)[0]?.verdict, 'not available');
  });

  test('the table says what was reached of what is required, and whether a sample was disturbed', () => {
    const against = { trial: 'connections', peer: 'nginx', label: 'nginx' };
    const summaries = [summary('connections', 'uipvs', 130), summary('connections', 'nginx', 100)];
    const judgements = judge(summaries, NONE, [
      { ...target(quantity, 'at least', 1.4), against },
      { ...target({ ...quantity, detail: 'restoreSeconds' }, 'at most', 3), unit: 's' },
    ]);
    assert.equal(
      targetTable(judgements, DEFAULT_PEERS),
      `Must reach
                      against  reached  required
  speed  uipvs (tun)    nginx    1.300   >= 1.40  missed (disturbed)
  speed  uipvs (tun)        -        -    <= 3 s  not measured
`,
    );
  });
});
