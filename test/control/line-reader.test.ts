import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HeldBytes, LineReader } from '../../src/control/line-reader.js';
import { BATCH_BEGINNING, MAX_REQUEST_BYTES } from '../../src/control/protocol.js';

/** An unfinished batch. */
const PART = Buffer.alloc(MAX_REQUEST_BYTES / 2, ' ').fill(BATCH_BEGINNING, 0, BATCH_BEGINNING.length);

describe('unfinished batches', () => {
  const readerOf = (held: HeldBytes, isPrivileged: boolean): LineReader =>
    new LineReader(held, MAX_REQUEST_BYTES, isPrivileged);
  const give = (reader: LineReader): void => assert.deepEqual([...reader.push(PART)], []);

  it('of many users leave room for one of root', () => {
    const held = new HeldBytes();
    for (const reader of [readerOf(held, false), readerOf(held, false)]) give(reader);
    assert.throws(() => give(readerOf(held, false)), { code: 'EBUSY' });
    const root = readerOf(held, true);
    give(root);
    give(root);
  });

  it('of root count to those of others, until they are forgotten', () => {
    const held = new HeldBytes();
    const root = readerOf(held, true);
    give(root);
    give(root);
    assert.throws(() => give(readerOf(held, false)), { code: 'EBUSY' });
    root.clear();
    give(readerOf(held, false));
  });
});
