import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { Places } from '../../src/control/places.js';

const ROOT = 0;

describe('the places of a socket', () => {
  let places: Places;
  beforeEach(() => {
    places = new Places((uid) => uid === ROOT);
  });

  function take(uid: number, count: number): void {
    for (let index = 0; index < count; index += 1) assert.equal(places.take(uid), null);
  }

  it('are at most 16 for one user, and 64 for root', () => {
    take(1, 16);
    assert.equal(places.take(1), 'User 1 has 16 clients here already');
    take(ROOT, 48);
    assert.equal(places.take(ROOT), 'There are 64 clients here already');
  });

  it('are kept for root, eight of them, whatever others do', () => {
    for (const uid of [1, 2, 3]) take(uid, 16);
    take(4, 8);
    assert.equal(places.take(5), 'There are 56 clients here already');
    take(ROOT, 8);
    assert.equal(places.take(ROOT), 'There are 64 clients here already');
  });

  it('can be taken again when they are given back', () => {
    take(1, 16);
    places.release(1);
    take(1, 1);
    assert.notEqual(places.take(1), null);
    take(2, 16);
    take(3, 16);
    take(4, 8);
    places.release(2);
    take(4, 1);
  });

  it('of others do not shrink by those of root', () => {
    take(ROOT, 8);
    for (const uid of [1, 2, 3]) take(uid, 16);
    take(4, 8);
    assert.notEqual(places.take(4), null);
  });
});
