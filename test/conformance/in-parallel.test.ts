import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inParallel } from './in-parallel.js';

test('results come in the order of the items, whichever is ready first', async () => {
  const release: (() => void)[] = [];
  const done = inParallel(['a', 'b'], 2, async (item) => {
    await new Promise<void>((resolve) => release.push(resolve));
    return item.toUpperCase();
  });
  for (const go of release.toReversed()) go();
  assert.deepEqual(await done, ['A', 'B']);
});

test('no more than the limit are at work', async () => {
  let working = 0;
  let most = 0;
  await inParallel([1, 2, 3, 4, 5], 2, async () => {
    working += 1;
    most = Math.max(most, working);
    await Promise.resolve();
    working -= 1;
  });
  assert.equal(most, 2);
});

test('a failure is passed on', async () => {
  const failing = inParallel([1, 2], 2, (item) => Promise.reject(new Error(`item ${item}`)));
  await assert.rejects(failing, /item 1/);
});
