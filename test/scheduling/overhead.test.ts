import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isMoreLoaded, overheadOf } from '../../src/scheduling/overhead.js';
import { wlc } from '../../src/scheduling/wlc.js';
import { TrialService } from './trial-service.js';

const MAX_WEIGHT = 2 ** 31 - 1;

test('an active connection weighs as much as 256 inactive ones', () => {
  const service = new TrialService(wlc, [1]);
  Object.assign(service.destinations[0]!, { activeConnections: 3, inactiveConnections: 5 });
  assert.equal(overheadOf(service.destinations[0]!), 773);
});

test('loads whose products round to the same number compare exactly', () => {
  const overhead = 2 ** 31 + 5;
  assert.equal(overhead * MAX_WEIGHT, (overhead + 1) * (MAX_WEIGHT - 1), 'they round to the same number');
  assert.equal(isMoreLoaded(overhead, MAX_WEIGHT - 1, overhead + 1, MAX_WEIGHT), true);
  assert.equal(isMoreLoaded(overhead + 1, MAX_WEIGHT, overhead, MAX_WEIGHT - 1), false);
  assert.equal(isMoreLoaded(overhead, MAX_WEIGHT, overhead, MAX_WEIGHT), false);
});

test('loads compare as they do in integers of any size', () => {
  const overhead = fc.oneof(fc.nat(), fc.integer({ min: 2 ** 31, max: 2 ** 31 + 8 }));
  const weight = fc.oneof(
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: MAX_WEIGHT - 8, max: MAX_WEIGHT }),
  );
  fc.assert(
    fc.property(overhead, weight, overhead, weight, (left, leftWeight, right, rightWeight) => {
      const isMore = BigInt(left) * BigInt(rightWeight) > BigInt(right) * BigInt(leftWeight);
      assert.equal(isMoreLoaded(left, leftWeight, right, rightWeight), isMore);
    }),
    { numRuns: 2000 },
  );
});
