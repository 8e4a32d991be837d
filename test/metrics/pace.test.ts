import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pass } from '../../src/metrics/pace.js';
import { ManualClock } from './manual-clock.js';

/** Items that take so many milliseconds each to make. */
function* work(clock: ManualClock, lasting: readonly number[]): Generator<number> {
  for (const ms of lasting) {
    clock.advance(ms);
    yield ms;
  }
}

/** Walks a pass to its end and gives back the pauses it made. */
async function pausesOf(clock: ManualClock, pass: Pass, lasting: readonly number[]): Promise<number[]> {
  const pauses: number[] = [];
  let isDone = false;
  const walked: number[] = [];
  const walk = (async () => {
    for await (const item of pass.paced(work(clock, lasting))) walked.push(item);
    isDone = true;
  })();
  while (!isDone) {
    await Promise.race([walk, clock.quiet(1)]);
    const [ms] = clock.waits;
    if (ms === undefined) continue;
    pauses.push(ms);
    clock.advance(ms);
  }
  assert.deepEqual(walked, lasting);
  return pauses;
}

test('a piece of work is followed by a pause nineteen times as long', async () => {
  const clock = new ManualClock();
  const pass = new Pass(clock, new AbortController().signal);
  assert.deepEqual(await pausesOf(clock, pass, [2, 1, 5]), [38, 19, 95]);
});

test('very short pieces are gone through together', async () => {
  const clock = new ManualClock();
  const pass = new Pass(clock, new AbortController().signal);
  assert.deepEqual(await pausesOf(clock, pass, [0.0625, 0.0625, 0.0625, 0.0625, 0.0625]), [2.375, 2.375]);
});

test('the rest after a pass is fifty times its work, but not less than asked for', async () => {
  const clock = new ManualClock();
  const pass = new Pass(clock, new AbortController().signal);
  await pausesOf(clock, pass, [10, 10, 20]);
  assert.equal(pass.restMs(1000), 2000);
  assert.equal(pass.restMs(5000), 5000);
});

test('an aborted pass ends in its pause and closes what it walked', async () => {
  const clock = new ManualClock();
  const abort = new AbortController();
  let isClosed = false;
  const items = function* (): Generator<number> {
    try {
      yield* work(clock, [1, 1]);
    } finally {
      isClosed = true;
    }
  };
  const walked: number[] = [];
  const walk = (async () => {
    for await (const item of new Pass(clock, abort.signal).paced(items())) walked.push(item);
  })();
  await clock.quiet(1);
  abort.abort();
  await assert.rejects(walk, { name: 'AbortError' });
  assert.deepEqual([walked, isClosed], [[1], true]);
});
