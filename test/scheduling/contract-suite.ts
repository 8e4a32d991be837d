/**
 * Theory of operation: what every scheduler must keep, written once and run on all of them.
 *
 * Named cases say what the contract says. The properties then do the same over random histories of additions,
 * deletions, edits, overloads and choices, which is where cursors go astray. How a scheduler chooses among usable
 * destinations is its own matter and is tested in its own file, but for one thing: shares must be fair where it says
 * that they are.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Scheduler } from '../../src/ipvs/scheduler.js';
import { happen, histories } from './history.js';
import { TrialService } from './trial-service.js';

const MAX_WEIGHT = 2 ** 31 - 1;

export interface ContractOptions {
  /** What every destination's part of many connections is, where nothing but their number decides. */
  readonly shares: 'equal' | 'as the weights' | 'none';
  /**
   * When a connection may be refused although some destination is usable: never, for some flows (by a hash), or once
   * the destinations are full.
   */
  readonly refuses: 'never' | 'some flows' | 'when full';
}

/** Declares the tests of the contract for the scheduler that `make` makes, the same whenever it is called. */
export function contractSuite(make: () => Scheduler, { shares, refuses }: ContractOptions): void {
  const scheduler = make();

  describe(`${scheduler.name} keeps the scheduler contract`, () => {
    test('it finds nobody in an empty list', () => {
      assert.equal(new TrialService(scheduler).chooseAny(), undefined);
    });

    test('it finds nobody where all are quiesced, and somebody once one is not', () => {
      const service = new TrialService(scheduler, [0, 0, 0]);
      assert.equal(service.chooseAny(), undefined);
      service.edit(1, 1);
      assert.equal(service.chooseAny(), 1);
    });

    test('it finds nobody where all are overloaded, and somebody once one is not', () => {
      const service = new TrialService(scheduler, [1, 2, 3]);
      for (const destination of service.destinations) destination.isOverloaded = true;
      assert.equal(service.chooseAny(), undefined);
      service.destinations[2]!.isOverloaded = false;
      assert.equal(service.chooseAny(), 2);
    });

    for (const index of [0, 1, 2]) {
      test(`it skips a quiesced destination at place ${index}`, () => {
        const service = new TrialService(scheduler, [9, 9, 9]);
        service.edit(index, 0);
        for (let turn = 0; turn < 12; turn += 1)
          assert.equal([undefined, index].includes(service.chooseAny()), false);
      });

      test(`it skips an overloaded destination at place ${index}`, () => {
        const service = new TrialService(scheduler, [9, 9, 9]);
        service.destinations[index]!.isOverloaded = true;
        for (let turn = 0; turn < 12; turn += 1)
          assert.equal([undefined, index].includes(service.chooseAny()), false);
      });
    }

    test('it survives the deletion of any destination at any moment', () => {
      for (const weights of [[1], [1, 2], [3, 1, 2], [2, 2, 1, 4]]) {
        for (let turnsBefore = 0; turnsBefore <= 10; turnsBefore += 1) {
          for (const index of weights.keys()) {
            const service = new TrialService(scheduler, weights);
            for (let turn = 0; turn < turnsBefore; turn += 1) service.choose();
            service.remove(index);
            for (let turn = 0; turn < 10; turn += 1) {
              const isRefused = service.choose() === undefined;
              if (weights.length === 1) assert.ok(isRefused);
              else assert.ok(!isRefused || refuses === 'when full');
            }
          }
        }
      }
    });

    test('it chooses a destination that it may choose, and refuses nobody that it must not, whatever happens', () => {
      const weight = fc.oneof(fc.nat({ max: 5 }), fc.integer({ min: MAX_WEIGHT - 3, max: MAX_WEIGHT }));
      fc.assert(
        fc.property(histories(weight), (history) => {
          const service = new TrialService(scheduler);
          for (const happening of history) {
            const isAnyUsable = [...service.destinations.keys()].some((index) => service.isUsable(index));
            const seen = happen(service, happening);
            if (seen === null) continue;
            if (seen === 'none') assert.ok(!isAnyUsable || refuses !== 'never');
            else if (scheduler.mayChooseOverloaded === true)
              assert.ok(service.destinations[seen]!.weight > 0);
            else assert.ok(service.isUsable(seen));
          }
        }),
      );
    });

    test('it chooses the same again in the same history', () => {
      fc.assert(
        fc.property(histories(fc.nat({ max: 5 })), (history) => {
          const services = [new TrialService(make()), new TrialService(make())] as const;
          for (const happening of history) {
            assert.equal(happen(services[0], happening), happen(services[1], happening));
          }
        }),
      );
    });

    if (shares === 'none') return;
    test(`it gives all destinations shares: ${shares}`, () => {
      const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
      const rounds = fc.integer({ min: 1, max: 3 });
      fc.assert(
        fc.property(weights, rounds, (given, roundCount) => {
          const service = new TrialService(scheduler, given);
          const expected = service.destinations.map(
            ({ weight }) => (shares === 'equal' ? 1 : weight) * roundCount,
          );
          const connections = expected.reduce((sum, share) => sum + share, 0);
          for (let turn = 0; turn < connections; turn += 1) service.choose();
          assert.deepEqual(
            service.destinations.map(({ activeConnections }) => activeConnections),
            expected,
          );
        }),
      );
    });
  });
}
