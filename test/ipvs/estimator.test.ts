import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BYTE_SCALE, Estimator, EVENT_SCALE } from '../../src/ipvs/estimator.js';

/** The rate after each count. */
function rates(estimator: Estimator, counts: readonly number[]): number[] {
  return counts.map((count) => {
    estimator.tick(count);
    return estimator.rate;
  });
}

test('100 events in one period show as 12 a second and fade by a quarter a period', () => {
  // 100 << 9 = 51200; averages 12800, 9600, 7200, 5400; (average + 511) >> 10
  assert.deepEqual(rates(new Estimator(EVENT_SCALE), [100, 100, 100, 100]), [12, 9, 7, 5]);
});

test('5 events in a period are the fewest that show', () => {
  // 4: (4 << 9) >> 2 = 512, 1023 >> 10 = 0; 5: 640, 1151 >> 10 = 1
  assert.deepEqual(rates(new Estimator(EVENT_SCALE), [4]), [0]);
  assert.deepEqual(rates(new Estimator(EVENT_SCALE), [5]), [1]);
});

test('the average rounds down on its way down too, and so comes to rest at 0', () => {
  // 128, 96, 72, 54, then (0 - 54) >> 2 = -14: 40, 30, then -8: 22, then -6: 16, ...
  const estimator = new Estimator({ perPeriod: 1 << 9, perUnit: 2 });
  assert.deepEqual(rates(estimator, [1, 1, 1, 1, 1, 1, 1, 1]), [64, 48, 36, 27, 20, 15, 11, 8]);
  for (let period = 0; period < 20; period += 1) estimator.tick(1);
  assert.equal(estimator.rate, 0);
});

test('a steady 1000 events a second comes to read 1000', () => {
  const estimator = new Estimator(EVENT_SCALE);
  for (let period = 1; period <= 60; period += 1) estimator.tick(period * 2000);
  assert.equal(estimator.rate, 1000);
});

test('bytes: 1 MB in one period and another in the next', () => {
  // 1000000 << 4 = 16000000; averages 4000000, 7000000; (average + 15) >> 5
  assert.deepEqual(rates(new Estimator(BYTE_SCALE), [1_000_000, 2_000_000]), [125_000, 218_750]);
});

test('bytes above 2^32 stay exact', () => {
  // 10^12 << 4 = 16 * 10^12; average 4 * 10^12
  assert.deepEqual(rates(new Estimator(BYTE_SCALE), [1e12]), [125e9]);
});

test('a reset forgets the rate and counts on from there', () => {
  const estimator = new Estimator(EVENT_SCALE);
  estimator.tick(100);
  estimator.reset(150);
  assert.equal(estimator.rate, 0);
  assert.deepEqual(rates(estimator, [250]), [12]);
});
