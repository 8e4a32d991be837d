import assert from 'node:assert/strict';
import { test } from 'node:test';
import { substitution } from './substitution.js';

const CASES: readonly (readonly [expression: string, input: string, output: string])[] = [
  ['s/a/b/', 'aa\nca\n', 'ba\ncb\n'],
  ['s/a/b/g', 'aa\na', 'bb\nb'],
  ['s/^(TCP|UDP) +[0-9]+:[0-9]{2} /\\1 MM:SS /', 'TCP 14:59  X\n', 'TCP MM:SS  X\n'],
  ['s|/|$1|', 'a/b', 'a$1b'],
  ['s/ +$//', 'a  \nb', 'a\nb'],
];

for (const [expression, input, output] of CASES) {
  test(`${expression} makes ${JSON.stringify(output)} of ${JSON.stringify(input)}`, () => {
    assert.equal(substitution(expression)(input), output);
  });
}

test('what is no substitution is refused', () => {
  for (const expression of ['', 'y/a/b/', 's/a/b', 's/a/b/p', 's/a/b/c/']) {
    assert.throws(() => substitution(expression), /Expected s\/REGULAR EXPRESSION\/TEXT\/ but received/);
  }
});
