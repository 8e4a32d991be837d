import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectionStateName, templateStateName } from '../../src/ipvs/connection-state.js';

/** Protocol number, state number, name. */
const NAMES: readonly (readonly [number, number, string])[] = [
  [6, 0, 'NONE'],
  [6, 1, 'ESTABLISHED'],
  [6, 2, 'SYN_SENT'],
  [6, 3, 'SYN_RECV'],
  [6, 4, 'FIN_WAIT'],
  [6, 5, 'TIME_WAIT'],
  [6, 6, 'CLOSE'],
  [6, 7, 'CLOSE_WAIT'],
  [6, 8, 'LAST_ACK'],
  [6, 9, 'LISTEN'],
  [6, 10, 'SYNACK'],
  [6, 11, 'ERR!'],
  [17, 0, 'UDP'],
  [17, 1, 'ERR!'],
  [132, 8, 'ESTABLISHED'],
  [132, 13, 'CLOSED'],
  [132, 14, 'ERR!'],
  [50, 0, 'NONE'],
];

for (const [protocol, state, name] of NAMES) {
  test(`state ${state} of protocol ${protocol} is ${name}`, () => {
    assert.equal(connectionStateName(protocol, state), name);
  });
}

test('a template is NONE until it is ASSURED', () => {
  assert.deepEqual([0, 1, 2].map(templateStateName), ['NONE', 'ASSURED', 'ERR!']);
});
