import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { InOrder } from '../../src/daemon/in-order.js';

describe('tasks in order', () => {
  test('are carried out at once where none is under way', () => {
    const inOrder = new InOrder();
    const done: number[] = [];
    for (const number of [1, 2, 3]) void inOrder.run(() => done.push(number));
    assert.deepEqual(done, [1, 2, 3]);
  });

  test('wait for a long one, and come in the order in which they were given', async () => {
    const inOrder = new InOrder();
    const done: string[] = [];
    const all: Promise<unknown>[] = [];
    const long = (name: string) => async () => {
      done.push(`${name} begins`);
      await turn();
      await turn();
      done.push(`${name} ends`);
    };
    all.push(inOrder.run(long('first')));
    all.push(inOrder.run(() => done.push('second')));
    all.push(inOrder.run(long('third')));
    all.push(inOrder.run(() => done.push('fourth')));
    // Given at any later moment, they do not overtake those that wait.
    const late = async (): Promise<void> => {
      for (let number = 0; number < 20; number += 1) {
        all.push(inOrder.run(() => done.push(`late ${number}`)));
        await (number % 3 === 0 ? turn() : Promise.resolve());
      }
    };
    await late();
    await Promise.all(all);
    assert.deepEqual(done, [
      ...['first begins', 'first ends', 'second', 'third begins', 'third ends', 'fourth'],
      ...Array.from({ length: 20 }, (_, number) => `late ${number}`),
    ]);
  });

  test('go on after one that fails, at once or later, and tell it', async () => {
    const inOrder = new InOrder();
    const failure = new Error('no');
    await assert.rejects(
      inOrder.run(() => {
        throw failure;
      }),
      failure,
    );
    const failing = inOrder.run(async () => {
      await turn();
      throw failure;
    });
    const next = inOrder.run(() => 'went on');
    await assert.rejects(failing, failure);
    assert.equal(await next, 'went on');
    assert.equal(await inOrder.run(() => 'and on'), 'and on');
  });
});
