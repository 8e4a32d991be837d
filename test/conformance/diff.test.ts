import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { unifiedDiff } from './diff.js';

test('equal texts have no difference', () => {
  assert.equal(unifiedDiff('a\nb\n', 'a\nb\n'), '');
});

test('a changed line is shown with two lines around it and its place in both texts', () => {
  const before = '1\n2\n3\n4\n5\n6\n7\n';
  const after = '1\n2\n3\nfour\n5\n6\n7\n';
  assert.equal(unifiedDiff(before, after), '@@ -2 +2 @@\n 2\n 3\n-4\n+four\n 5\n 6');
});

test('changes far apart are shown apart', () => {
  const before = 'a\n1\n2\n3\n4\n5\n6\nb\n';
  const after = 'A\n1\n2\n3\n4\n5\n6\nx\nb\n';
  assert.equal(unifiedDiff(before, after), '@@ -1 +1 @@\n-a\n+A\n 1\n 2\n@@ -6 +6 @@\n 5\n 6\n+x\n b\n ');
});

test('a missing line end is a difference', () => {
  assert.notEqual(unifiedDiff('a\n', 'a'), '');
});

test('blanks at the end of a line are a difference', () => {
  assert.equal(unifiedDiff('a \n', 'a\n'), '@@ -1 +1 @@\n-a \n+a\n ');
});

test('the changed lines account for the whole difference', () => {
  const text = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
  fc.assert(
    fc.property(text, text, (before, after) => {
      const marks = unifiedDiff(before.join('\n'), after.join('\n')).split('\n');
      const count = (mark: string): number => marks.filter((line) => line.startsWith(mark)).length;
      const lengths = [before, after].map((lines) => Math.max(lines.length, 1));
      assert.equal(count('+') - count('-'), lengths[1]! - lengths[0]!);
    }),
  );
});
