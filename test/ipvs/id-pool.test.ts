import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IdPool } from '../../src/ipvs/id-pool.js';

const LIMIT = 6;

test('a pool gives the lowest free id and nothing when all are taken', () => {
  const steps = fc.array(fc.oneof(fc.constant('take' as const), fc.nat({ max: LIMIT - 1 })), {
    maxLength: 60,
    size: 'max',
  });
  fc.assert(
    fc.property(steps, (history) => {
      const pool = new IdPool(LIMIT);
      const taken = new Set<number>();
      for (const step of history) {
        if (step === 'take') {
          const lowestFree = [0, 1, 2, 3, 4, 5].find((id) => !taken.has(id));
          assert.equal(pool.take(), lowestFree);
          if (lowestFree !== undefined) taken.add(lowestFree);
        } else if (taken.delete(step)) pool.release(step);
        assert.equal(pool.isExhausted, taken.size === LIMIT);
      }
    }),
  );
});

test('ids that are set apart are given to nobody until they are released', () => {
  const pool = new IdPool(LIMIT);
  pool.keep(new Set([4, 1]));
  assert.deepEqual(
    [pool.take(), pool.take(), pool.take(), pool.take(), pool.take()],
    [0, 2, 3, 5, undefined],
  );
  pool.release(4);
  assert.equal(pool.take(), 4);
});
