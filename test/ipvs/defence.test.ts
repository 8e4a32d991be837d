import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Trial } from './trial.js';

const PLENTY = 100_000;
const SHORT = 1000;

/** The modes of drop_entry, drop_packet and secure_tcp as listed. */
function modes({ director }: Trial): string {
  return ['drop_entry', 'drop_packet', 'secure_tcp']
    .map((name) => director.sysctls().find((sysctl) => sysctl.name === name)?.value)
    .join(' ');
}

/** What of the defence is on: entries, drop rate, secure TCP. */
function defence({ dataPlane }: Trial): unknown[] {
  const { dropsEntries, dropRate, isSecureTcp } = dataPlane.policies.at(-1)!;
  return [dropsEntries, dropRate, isSecureTcp];
}

function trialWithMode(mode: string): Trial {
  const trial = new Trial();
  for (const name of ['drop_entry', 'drop_packet', 'secure_tcp']) trial.director.setSysctl(name, mode);
  return trial;
}

/** Mode set with plenty of memory; then with little; then with plenty. 1024 / (1024 - 1000) is 42. */
for (const [mode, first, short, then] of [
  ['0', ['0 0 0', false, 0, false], ['0 0 0', false, 0, false], ['0 0 0', false, 0, false]],
  ['1', ['1 1 1', false, 0, false], ['2 2 2', true, 42, true], ['1 1 1', false, 0, false]],
  ['2', ['1 1 1', false, 0, false], ['2 2 2', true, 42, true], ['1 1 1', false, 0, false]],
  ['3', ['3 3 3', true, 10, true], ['3 3 3', true, 10, true], ['3 3 3', true, 10, true]],
] as const) {
  test(`mode ${mode} with plenty of memory, with little, and with plenty again`, () => {
    const trial = trialWithMode(mode);
    assert.deepEqual([modes(trial), ...defence(trial)], first);
    trial.director.updateDefence(SHORT);
    assert.deepEqual([modes(trial), ...defence(trial)], short);
    trial.director.updateDefence(PLENTY);
    assert.deepEqual([modes(trial), ...defence(trial)], then);
  });
}

test('a mode set while memory is short is on at once, as in the kernel', () => {
  const trial = new Trial();
  trial.director.updateDefence(SHORT);
  trial.director.setSysctl('drop_entry', '1');
  assert.deepEqual([modes(trial), ...defence(trial)], ['2 0 0', true, 0, false]);
});

test('the less memory, the more packets are dropped', () => {
  const trial = trialWithMode('1');
  const rates = [1024, 1023, 1000, 512, 100, 0].map((pages) => {
    trial.director.updateDefence(pages);
    return defence(trial)[1];
  });
  assert.deepEqual(rates, [0, 1024, 42, 2, 1, 1]);
});

test('the data plane hears only what changes', () => {
  const trial = trialWithMode('1');
  const before = trial.dataPlane.policies.length;
  for (const pages of [PLENTY, PLENTY + 1, SHORT, SHORT, PLENTY]) trial.director.updateDefence(pages);
  assert.equal(trial.dataPlane.policies.length - before, 2);
});

for (const [rate, expected] of [
  ['25', 25],
  ['0', 0],
  ['-3', 1],
] as const) {
  test(`an am_droprate of ${rate} in mode 3 drops one packet of ${expected}`, () => {
    const trial = trialWithMode('3');
    trial.director.setSysctl('am_droprate', rate);
    assert.equal(defence(trial)[1], expected);
  });
}

test('amemthresh says when memory is short', () => {
  const trial = trialWithMode('1');
  trial.director.setSysctl('amemthresh', '200000');
  trial.director.updateDefence(PLENTY);
  assert.deepEqual(defence(trial), [true, 2, true]);
  trial.director.setSysctl('amemthresh', '-1');
  trial.director.updateDefence(0);
  assert.deepEqual(defence(trial), [false, 0, false]);
});
