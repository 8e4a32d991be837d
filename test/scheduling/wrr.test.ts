import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { wrr } from '../../src/scheduling/wrr.js';
import { happen, histories } from './history.js';
import { TrialService } from './trial-service.js';
import { wrrTwin } from './wrr-twin.js';

const MAX_WEIGHT = 2 ** 31 - 1;

/** The choices as letters: A is the first in the list. */
function letters(service: TrialService, count: number): string {
  return Array.from({ length: count }, () => 'ABCDEFG'[service.choose()!]).join('');
}

test('wrr gives weights 4, 3 and 2 the turns AABABCABC, over and over', () => {
  const service = new TrialService(wrr, [2, 3, 4]);
  assert.equal(letters(service, 3), 'ABC', 'the level of the first addition, 1, comes to its end first');
  assert.equal(letters(service, 18), 'AABABCABCAABABCABC');
});

test('wrr chooses as its slow twin does, whatever happens', () => {
  const weight = fc.oneof(fc.nat({ max: 6 }), fc.constantFrom(4, 6, 8, 12));
  fc.assert(
    fc.property(fc.array(weight, { maxLength: 4 }), histories(weight), (weights, history) => {
      const service = new TrialService(wrr, weights);
      const twin = new TrialService(wrrTwin, weights);
      for (const happening of history) assert.equal(happen(service, happening), happen(twin, happening));
    }),
    { numRuns: 2000 },
  );
});

test('wrr finds the light destination behind an overloaded one of greatest weight at once', () => {
  const service = new TrialService(wrr, [1, MAX_WEIGHT]);
  service.destinations[0]!.isOverloaded = true;
  for (let turn = 0; turn < 1000; turn += 1) assert.equal(service.choose(), 1);
});

test('wrr gives up at once where everybody is overloaded at the greatest weights', () => {
  const service = new TrialService(wrr, [MAX_WEIGHT - 1, MAX_WEIGHT]);
  for (const destination of service.destinations) destination.isOverloaded = true;
  for (let turn = 0; turn < 1000; turn += 1) assert.equal(service.choose(), undefined);
});
