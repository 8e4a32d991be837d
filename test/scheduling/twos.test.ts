import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SchedulerEnvironment } from '../../src/scheduling/environment.js';
import { makeTwos } from '../../src/scheduling/twos.js';
import { FLOW } from '../ipvs/specs.js';
import { TrialEnvironment } from './environment.js';
import { TrialService } from './trial-service.js';

/** Above this lies the statistic of one in 100,000 fair runs. Source: chi-square distribution, 3 degrees of freedom. */
const CHI_SQUARE_BOUND = 25.9;

/** An environment whose random numbers make the lots `lots` of 0..total, one after another. */
function withLots(total: number, lots: readonly number[]): SchedulerEnvironment {
  const left = [...lots];
  return {
    nowMs: () => 0,
    expirationSeconds: () => 86_400,
    random: () => (left.shift()! + 0.5) / (total + 1),
  };
}

/** The address of the choice among `weights`, the first of which is the head of the list, as an index into them. */
function chosen(
  weights: readonly number[],
  overheads: readonly number[],
  lots: readonly number[],
): number | undefined {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const service = new TrialService(makeTwos(withLots(total, lots)), weights.toReversed());
  for (const [index, overhead] of overheads.entries()) {
    service.destinations[index]!.inactiveConnections = overhead;
  }
  return service.choose();
}

test('twos draws the destination at which the lot is used up, the head having one lot more than its weight', () => {
  const owners = [0, 1, 2, 3, 4, 5, 6].map((lot) => chosen([2, 1, 3], [0, 0, 0], [lot, lot]));
  assert.deepEqual(owners, [0, 0, 0, 1, 2, 2, 2]);
});

test('twos takes the second draw only if it has strictly less overhead for its weight', () => {
  const cases = [
    { overheads: [4, 2], lots: [0, 3], owner: 0, why: 'equal, the first is the head' },
    { overheads: [4, 2], lots: [3, 0], owner: 1, why: 'equal, the first is the tail' },
    { overheads: [5, 2], lots: [0, 3], owner: 1, why: 'the second has less' },
    { overheads: [4, 3], lots: [0, 3], owner: 0, why: 'the second has more' },
    {
      overheads: [3, 2],
      lots: [3, 0],
      owner: 0,
      why: 'the second has more connections but less for its weight',
    },
    { overheads: [9, 9], lots: [1, 2], owner: 0, why: 'both draws hit the same one' },
  ];
  for (const { overheads, lots, owner, why } of cases) {
    assert.equal(chosen([2, 1], overheads, lots), owner, why);
  }
});

test('twos counts an active connection as 256 inactive ones', () => {
  const service = new TrialService(makeTwos(withLots(2, [0, 2, 0, 2])), [1, 1]);
  service.destinations[0]!.activeConnections = 1;
  service.destinations[1]!.inactiveConnections = 256;
  assert.equal(service.choose(), 0, 'equal');
  service.destinations[0]!.activeConnections = 1;
  service.destinations[1]!.inactiveConnections = 255;
  assert.equal(service.choose(), 1);
});

test('twos draws over usable destinations only', () => {
  const service = new TrialService(makeTwos(withLots(4, [0, 0, 4, 4])), [3, 5, 0, 1]);
  service.destinations[2]!.isOverloaded = true;
  assert.equal(service.choose(), 0);
  service.destinations[0]!.activeConnections = 0;
  assert.equal(service.choose(), 3);
});

test('twos without load gives shares as the lots say, whatever the seed', () => {
  const weights = [1, 2, 3, 4];
  const lots = [2, 2, 3, 4];
  const turns = 4000;
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const scheduler = makeTwos(new TrialEnvironment(seed));
      const service = new TrialService(scheduler, weights.toReversed());
      const counts = lots.map(() => 0);
      for (let turn = 0; turn < turns; turn += 1) {
        counts[service.destinations.indexOf(scheduler.schedule(service, FLOW) as never)]! += 1;
      }
      const expected = lots.map((lot) => (lot / 11) * turns);
      const chiSquare = counts.reduce(
        (sum, count, index) => sum + (count - expected[index]!) ** 2 / expected[index]!,
        0,
      );
      assert.ok(chiSquare < CHI_SQUARE_BOUND, `chi-square ${chiSquare} of ${counts}`);
    }),
    { numRuns: 30 },
  );
});

test('twos keeps loads together: of many connections nobody has much more than his share', () => {
  const service = new TrialService(makeTwos(new TrialEnvironment(7)), [1, 1, 1, 1, 1, 1, 1, 1]);
  for (let turn = 0; turn < 8000; turn += 1) service.choose();
  for (const { activeConnections } of service.destinations) {
    assert.ok(Math.abs(activeConnections - 1000) <= 8, `${activeConnections} of 8000`);
  }
});
