import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Chain, IdChains, NO_ID } from '../../src/engine/id-chain.js';

test('chains are what lists of the same appends and removals are', () => {
  const step = fc.record({ id: fc.nat(9), list: fc.nat(2) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const chains = new IdChains();
      const heads: Chain[] = [0, 1, 2].map(() => ({ newest: NO_ID }));
      const lists: number[][] = [[], [], []];
      for (const { id, list } of steps) {
        const at = lists.findIndex((ids) => ids.includes(id));
        if (at < 0) {
          chains.append(heads[list]!, id);
          lists[list]!.unshift(id);
        } else {
          chains.remove(heads[at]!, id);
          lists[at] = lists[at]!.filter((other) => other !== id);
        }
        assert.deepEqual(
          heads.map((head) => [...chains.ids(head)]),
          lists,
        );
        assert.deepEqual(
          heads.map(({ newest }) => newest),
          lists.map(([newest = NO_ID]) => newest),
        );
      }
    }),
  );
});
