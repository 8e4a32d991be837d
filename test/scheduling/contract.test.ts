import assert from 'node:assert/strict';
import { test } from 'node:test';
import { builtinSchedulers } from '../../src/scheduling/registry.js';
import { type ContractOptions, contractSuite } from './contract-suite.js';

const OPTIONS: Readonly<Record<string, ContractOptions>> = {
  rr: { isWeighted: false },
  wrr: { isWeighted: true },
  lc: { isWeighted: false },
  wlc: { isWeighted: true },
};

test('every built-in scheduler is in the registry under its own name and runs the contract suite', () => {
  assert.deepEqual([...builtinSchedulers.keys()].sort(), Object.keys(OPTIONS).sort());
  for (const [name, scheduler] of builtinSchedulers) assert.equal(scheduler.name, name);
});

for (const [name, scheduler] of builtinSchedulers) {
  const options = OPTIONS[name];
  if (options !== undefined) contractSuite(scheduler, options);
}
