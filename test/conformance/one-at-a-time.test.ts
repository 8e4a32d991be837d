import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OneAtATime } from './one-at-a-time.js';

test('work begins when the work before it has ended, also in failure', async () => {
  const turn = new OneAtATime();
  const seen: string[] = [];
  const work = (name: string, isGood: boolean) => async (): Promise<string> => {
    seen.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(`${name} ends`);
    if (!isGood) throw new Error(name);
    return name;
  };
  const [first, second] = await Promise.allSettled([turn.do(work('a', false)), turn.do(work('b', true))]);
  assert.equal(first.status, 'rejected');
  assert.deepEqual(second, { status: 'fulfilled', value: 'b' });
  assert.deepEqual(seen, ['a begins', 'a ends', 'b begins', 'b ends']);
});
