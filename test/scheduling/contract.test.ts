import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeBuiltinSchedulers } from '../../src/scheduling/registry.js';
import { type ContractOptions, contractSuite } from './contract-suite.js';
import { TrialEnvironment } from './environment.js';

const OPTIONS: Readonly<Record<string, ContractOptions>> = {
  rr: { shares: 'equal', refuses: 'never' },
  wrr: { shares: 'as the weights', refuses: 'never' },
  lc: { shares: 'equal', refuses: 'never' },
  wlc: { shares: 'as the weights', refuses: 'never' },
  lblc: { shares: 'none', refuses: 'never' },
  lblcr: { shares: 'none', refuses: 'never' },
  dh: { shares: 'none', refuses: 'some flows' },
  sh: { shares: 'none', refuses: 'some flows' },
  mh: { shares: 'none', refuses: 'some flows' },
  sed: { shares: 'as the weights', refuses: 'never' },
  nq: { shares: 'as the weights', refuses: 'never' },
  fo: { shares: 'none', refuses: 'never' },
  ovf: { shares: 'none', refuses: 'when full' },
  twos: { shares: 'none', refuses: 'never' },
};

const names = [...makeBuiltinSchedulers(new TrialEnvironment()).keys()];

test('every built-in scheduler is in the registry under its own name and runs the contract suite', () => {
  assert.deepEqual([...names].sort(), Object.keys(OPTIONS).sort());
  for (const [name, scheduler] of makeBuiltinSchedulers(new TrialEnvironment())) {
    assert.equal(scheduler.name, name);
  }
});

for (const [name, options] of Object.entries(OPTIONS)) {
  contractSuite(() => makeBuiltinSchedulers(new TrialEnvironment()).get(name)!, options);
}
