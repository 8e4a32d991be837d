import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dice } from '../lab/dice.js';
import { randomScenario } from './random-scenario.js';
import { parseScenario } from './scenario.js';
import { shrink } from './shrink.js';

test('a die falls on every side about equally often', () => {
  const dice = new Dice(7);
  const counts = new Array<number>(6).fill(0);
  for (let rolls = 0; rolls < 6000; rolls += 1) counts[dice.roll(6)]! += 1;
  for (const count of counts) assert.ok(count > 850 && count < 1150, `${counts}`);
});

test('weights are obeyed', () => {
  const dice = new Dice(7);
  const rolls = Array.from({ length: 4000 }, () => dice.pickWeighted({ often: 3, never: 0, seldom: 1 }));
  const often = rolls.filter((key) => key === 'often').length;
  assert.ok(often > 2850 && often < 3150, `${often}`);
  assert.ok(!rolls.includes('never'));
});

test('a seed always tells the same story, and another seed another one', () => {
  assert.deepEqual(randomScenario(5, 100), randomScenario(5, 100));
  assert.notDeepEqual(randomScenario(5, 100), randomScenario(6, 100));
});

test('every story can be read', () => {
  for (let seed = 0; seed < 200; seed += 1) {
    const lines = randomScenario(seed, 150);
    assert.equal(parseScenario(lines.join('\n'), `seed ${seed}`).length, lines.length);
  }
});

test('no two connections of a story have the same client port', () => {
  for (let seed = 0; seed < 50; seed += 1) {
    const lines = randomScenario(seed, 200).filter((line) => /^(open|udp) /.test(line));
    const ports = lines.map((line) => /:(\d{5}) /.exec(line)?.[1]);
    assert.equal(new Set(ports).size, ports.length, `seed ${seed}`);
  }
});

test('shrinking leaves exactly the lines that matter, and the preparations', async () => {
  const story = [
    'vip 10.9.0.1',
    ...Array.from({ length: 37 }, (_, index) => `line ${index}`),
    'mute 10.0.0.5',
  ];
  const matters = ['line 3', 'line 20', 'line 36'];
  const shortest = await shrink(story, async (candidates) =>
    candidates.map((lines) => matters.every((line) => lines.includes(line))),
  );
  assert.deepEqual(shortest, ['vip 10.9.0.1', 'mute 10.0.0.5', ...matters]);
});

test('a story that shows nothing when anything is missing stays as it is', async () => {
  const story = ['a', 'b', 'c'];
  assert.deepEqual(await shrink(story, async (candidates) => candidates.map(() => false)), story);
});
