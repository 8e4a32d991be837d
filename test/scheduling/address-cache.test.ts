import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressWords } from '../../src/net/address.js';
import { AddressCache } from '../../src/scheduling/address-cache.js';
import { TrialEnvironment } from './environment.js';

/** When the cache drops what has long been unused, counted from its making. */
const CHECK_MS = 30 * 61_440;
const MAX_ENTRIES = 16_384;

function setUp(expirationSeconds = 86_400) {
  const environment = new TrialEnvironment();
  environment.now = 5000;
  environment.expiration.lblc = expirationSeconds;
  const cache = new AddressCache<string>(environment, 'lblc');
  return { environment, cache, at: (ageMs: number) => (environment.now = 5000 + ageMs) };
}

const FIRST = addressWords('10.9.0.1');
const SECOND = addressWords('200.9.0.2');

test('a value is remembered by the address', () => {
  const { cache } = setUp();
  cache.put(FIRST, 'a');
  cache.put(SECOND, 'b');
  assert.deepEqual(
    [cache.use(FIRST), cache.use(SECOND), cache.use(addressWords('10.9.0.3'))],
    ['a', 'b', undefined],
  );
  cache.put(FIRST, 'c');
  assert.equal(cache.use(FIRST), 'c');
});

test('IPv6 addresses are told apart by every word, in whatever order they come', () => {
  const { cache } = setUp();
  const texts = ['fd09::1', 'fd09::2', 'fd09:0:1::1', 'fd08::1', 'fd09::1:0:1'];
  for (const text of texts) cache.put(addressWords(text), text);
  for (const text of [...texts, ...texts.toReversed()]) assert.equal(cache.use(addressWords(text)), text);
  assert.equal(cache.use(addressWords('fd09::3')), undefined);
});

test('the words of an address may change once the call is over', () => {
  const { cache } = setUp();
  const words = addressWords('fd09::1');
  cache.put(words, 'a');
  words[3] = 2;
  assert.equal(cache.use(words), undefined);
  assert.equal(cache.use(addressWords('fd09::1')), 'a');
});

test('an entry unused for the expiration time goes at the next check, not before', () => {
  const { cache, at } = setUp(60);
  cache.put(FIRST, 'a');
  at(CHECK_MS - 2000);
  assert.equal(cache.use(FIRST), 'a', 'no check has been');
  at(CHECK_MS + 2000);
  assert.equal(cache.use(FIRST), 'a', 'at the check it had been used 2 seconds ago');
  at(2 * CHECK_MS - 1);
  assert.equal(cache.use(FIRST), 'a', 'no other check has been');
  cache.put(SECOND, 'b');
  at(3 * CHECK_MS + 2000);
  assert.equal(cache.use(SECOND), undefined);
  cache.put(SECOND, 'c');
  assert.equal(cache.use(SECOND), 'c', 'an expired entry leaves nothing behind');
});

test('an entry goes when the time is just reached, and lives on where it is not', () => {
  const { cache, at } = setUp(600);
  at(CHECK_MS - 600_000);
  cache.put(FIRST, 'a');
  at(CHECK_MS - 599_999);
  cache.put(SECOND, 'b');
  at(CHECK_MS);
  assert.equal(cache.use(FIRST), undefined);
  assert.equal(cache.use(SECOND), 'b');
});

test('the expiration time may change at any time', () => {
  const { environment, cache, at } = setUp();
  cache.put(FIRST, 'a');
  at(CHECK_MS + 1);
  environment.expiration.lblc = 1800;
  assert.equal(cache.use(FIRST), undefined);
});

test('above the bound the entry longest unused goes', () => {
  const { cache } = setUp();
  const address = (number: number) => Uint32Array.of(0x0a000000 + number);
  for (let number = 0; number < MAX_ENTRIES; number += 1) cache.put(address(number), String(number));
  assert.equal(cache.use(address(0)), '0');
  cache.put(address(MAX_ENTRIES), 'one too many');
  assert.equal(cache.use(address(0)), '0');
  assert.equal(cache.use(address(1)), undefined);
  assert.equal(cache.use(address(2)), '2');
});

test('a change of all values is no use of them', () => {
  const { cache, at } = setUp(60);
  cache.put(FIRST, 'a');
  at(CHECK_MS - 2000);
  cache.change((value) => value.toUpperCase());
  assert.equal(cache.use(FIRST), 'A');
  at(2 * CHECK_MS - 2000);
  cache.change((value) => value);
  at(2 * CHECK_MS);
  assert.equal(cache.use(FIRST), undefined);
});
