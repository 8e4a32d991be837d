import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CORPUS_FILE, corpusText } from '../../e2e/support/corpus-file.js';

test('the corpus that native tests read is the one that is sent in namespaces', () => {
  // Written anew by: node dist/test/e2e/support/corpus-file.js
  const [file, rules] = [readFileSync(CORPUS_FILE, 'utf8'), corpusText()].map((text) => text.split('\n'));
  const differing = rules?.findIndex((line, index) => line !== file?.[index]);
  assert.equal(differing, -1, `line ${(differing ?? 0) + 1} should be ${rules?.[differing ?? 0]}`);
  assert.equal(file?.length, rules?.length);
});
