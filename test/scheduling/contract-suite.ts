/**
 * Theory of operation: what every scheduler must keep, written once and run on all of them.
 *
 * Named cases say what the contract says. The properties then do the same over random histories of additions,
 * deletions, edits, overloads and choices, which is where cursors go astray. How a scheduler chooses among usable
 * destinations is its own matter and is tested in its own file, but for one thing: shares must be fair.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Scheduler } from '../../src/ipvs/scheduler.js';
import { happen, histories } from './history.js';
import { TrialService } from './trial-service.js';

const MAX_WEIGHT = 2 ** 31 - 1;

export interface ContractOptions {
  /** Whether shares follow weights; otherwise all are equal. */
  readonly isWeighted: boolean;
}

/** Declares the tests of the contract for `scheduler`. */
export function contractSuite(scheduler: Scheduler, { isWeighted }: ContractOptions): void {
  describe(`${scheduler.name} keeps the scheduler contract`, () => {
    test('it finds nobody in an empty list', () => {
      assert.equal(new TrialService(scheduler).choose(), undefined);
    });

    test('it finds nobody where all are quiesced, and somebody once one is not', () => {
      const service = new TrialService(scheduler, [0, 0, 0]);
      assert.equal(service.choose(), undefined);
      service.edit(1, 1);
      assert.equal(service.choose(), 1);
    });

    test('it finds nobody where all are overloaded, and somebody once one is not', () => {
      const service = new TrialService(scheduler, [1, 2, 3]);
      for (const destination of service.destinations) destination.isOverloaded = true;
      assert.equal(service.choose(), undefined);
      service.destinations[2]!.isOverloaded = false;
      assert.equal(service.choose(), 2);
    });

    for (const index of [0, 1, 2]) {
      test(`it skips a quiesced destination at place ${index}`, () => {
        const service = new TrialService(scheduler, [1, 1, 1]);
        service.edit(index, 0);
        for (let turn = 0; turn < 12; turn += 1) assert.notEqual(service.choose(), index);
      });

      test(`it skips an overloaded destination at place ${index}`, () => {
        const service = new TrialService(scheduler, [1, 1, 1]);
        service.destinations[index]!.isOverloaded = true;
        for (let turn = 0; turn < 12; turn += 1) assert.notEqual(service.choose(), index);
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
              assert.equal(service.choose() === undefined, weights.length === 1);
            }
          }
        }
      }
    });

    test('it chooses a usable destination exactly if there is one, whatever happens', () => {
      const weight = fc.oneof(fc.nat({ max: 5 }), fc.integer({ min: MAX_WEIGHT - 3, max: MAX_WEIGHT }));
      fc.assert(
        fc.property(histories(weight), (history) => {
          const service = new TrialService(scheduler);
          for (const happening of history) {
            const isAnyUsable = [...service.destinations.keys()].some((index) => service.isUsable(index));
            const seen = happen(service, happening);
            if (seen === null) continue;
            assert.equal(seen !== 'none', isAnyUsable);
            if (seen !== 'none') assert.ok(service.isUsable(seen));
          }
        }),
      );
    });

    test('it chooses the same again in the same history', () => {
      fc.assert(
        fc.property(histories(fc.nat({ max: 5 })), (history) => {
          const services = [new TrialService(scheduler), new TrialService(scheduler)] as const;
          for (const happening of history) {
            assert.equal(happen(services[0], happening), happen(services[1], happening));
          }
        }),
      );
    });

    test(`it gives ${isWeighted ? 'every destination the share its weight says' : 'all equal shares'}`, () => {
      const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 6 });
      const rounds = fc.integer({ min: 1, max: 3 });
      fc.assert(
        fc.property(weights, rounds, (given, roundCount) => {
          const service = new TrialService(scheduler, given);
          const shares = service.destinations.map(({ weight }) => (isWeighted ? weight : 1) * roundCount);
          const connections = shares.reduce((sum, share) => sum + share, 0);
          for (let turn = 0; turn < connections; turn += 1) service.choose();
          assert.deepEqual(
            service.destinations.map(({ activeConnections }) => activeConnections),
            shares,
          );
        }),
      );
    });
  });
}
