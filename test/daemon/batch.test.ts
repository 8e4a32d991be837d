import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UipvsError } from '../../src/base/error.js';
import { BatchRefusal } from '../../src/control/batch-refusal.js';
import type { Change } from '../../src/control/protocol.js';
import { carryOut, type Inverse, inverseOf, rehearsing } from '../../src/daemon/batch.js';
import type { Director } from '../../src/ipvs/director.js';
import type { Scheduler } from '../../src/ipvs/scheduler.js';
import { runThrough } from '../../src/ipvs/steps.js';
import { destinationSpec, realServer, serviceSpec, tcpKey } from '../ipvs/specs.js';
import { Trial } from '../ipvs/trial.js';

const FLUSH: Change = { op: 'flush' };

function addService(port = 80, scheduler = 'rr'): Change {
  return { op: 'add-service', service: serviceSpec({ key: tcpKey(port), scheduler }) };
}

function editService(port = 80, scheduler = 'wlc'): Change {
  return { op: 'edit-service', service: serviceSpec({ key: tcpKey(port), scheduler }) };
}

function deleteService(port = 80): Change {
  return { op: 'delete-service', key: tcpKey(port) };
}

function add(number: number, port = 80, weight = 1): Change {
  return { op: 'add-destination', key: tcpKey(port), destination: destinationSpec(number, { weight }) };
}

function edit(number: number, port = 80, weight = 5): Change {
  return { op: 'edit-destination', key: tcpKey(port), destination: destinationSpec(number, { weight }) };
}

function remove(number: number, port = 80): Change {
  return {
    op: 'delete-destination',
    key: tcpKey(port),
    destination: { address: realServer(number), port: 80 },
  };
}

/** All that a user said, services and their destinations in order. */
function said(director: Director): unknown {
  return [...director.services()].map(({ spec, destinations }) => [
    spec,
    destinations.map((one) => one.spec),
  ]);
}

function rehearse(director: Director, changes: readonly Change[]): void {
  runThrough(rehearsing(director, changes));
}

/** Whether the batch passes its rehearsal: 'ok', or the index and code of the refusal. */
function verdict(director: Director, changes: readonly Change[]): string {
  try {
    rehearse(director, changes);
    return 'ok';
  } catch (thrown) {
    if (!(thrown instanceof BatchRefusal)) throw thrown;
    return `${thrown.index} ${thrown.code}`;
  }
}

/** With services on ports 80 (real servers 1 and 2) and 81 (real server 3). */
function trial(options = {}): Trial {
  const made = new Trial(options).with('rr', 1, 2);
  carryOut(made.director, addService(81));
  carryOut(made.director, add(3, 81));
  return made;
}

for (const [what, changes, expected] of [
  ['nothing', [], 'ok'],
  [
    'what is right in its order',
    [addService(82), add(1, 82), edit(1, 82), remove(1, 82), deleteService(82)],
    'ok',
  ],
  ['a table replaced', [FLUSH, addService(), add(1), add(2), addService(83)], 'ok'],
  ['a service that exists', [addService(82), addService()], '1 EEXIST'],
  ['a destination before its service', [add(1, 82), addService(82)], '0 ESRCH'],
  ['a destination twice', [add(3), add(4), add(3)], '2 EEXIST'],
  ['one that the flush has deleted', [FLUSH, edit(1)], '1 ESRCH'],
  ['one that the batch has deleted', [remove(1), edit(1)], '1 ENOENT'],
  ['an edit to an unknown scheduler', [editService(80, 'nosuch')], '0 ENOENT'],
  ['a negative weight', [edit(2, 80, 3), edit(1, 80, -1)], '1 ERANGE'],
] as const) {
  test(`a rehearsal of ${what}: ${expected}, and nothing has changed`, () => {
    const { director, dataPlane } = trial();
    const before = JSON.stringify([said(director), [...dataPlane.destinations], [...dataPlane.services]]);
    assert.equal(verdict(director, changes), expected);
    const after = JSON.stringify([said(director), [...dataPlane.destinations], [...dataPlane.services]]);
    assert.equal(after, before);
  });
}

test('a refusal has the words of the request that was refused', () => {
  const { director } = trial();
  assert.throws(() => rehearse(director, [addService(82), add(1)]), {
    name: 'UipvsError',
    code: 'EEXIST',
    index: 1,
    message: 'Service TCP 10.9.0.1:80 already has destination 10.1.0.11:80',
  });
});

test('ids that the trash holds count for the limits, and are had back', () => {
  const { director } = trial({ maxServices: 2, maxDestinations: 4 });
  carryOut(director, remove(1));
  carryOut(director, remove(3, 81));
  assert.equal(verdict(director, [add(4), add(5)]), '1 ENOSPC');
  assert.equal(verdict(director, [add(4), add(1), add(3, 81)]), 'ok');
  assert.equal(
    verdict(director, [deleteService(81), addService(82)]),
    '1 ENOSPC',
    'its destination is in the trash',
  );
  assert.equal(verdict(director, [FLUSH, addService(), add(1), add(2), add(4)]), 'ok');
  assert.equal(verdict(director, [FLUSH, addService(), add(1), add(2), add(4), add(5)]), '5 ENOSPC');
});

test('a scheduler can refuse in a rehearsal and is told of nothing else', () => {
  const told: string[] = [];
  const own: Scheduler = {
    name: 'own',
    init: ({ destinations }) => {
      told.push(`init with ${destinations.length}`);
      if (destinations.length > 1) throw new UipvsError('EINVAL', 'too many');
    },
    destinationAdded: () => told.push('added'),
    destinationEdited: () => told.push('edited'),
    destinationRemoved: () => told.push('removed'),
    schedule: () => undefined,
  };
  const { director } = trial({ schedulers: [own] });
  assert.equal(verdict(director, [editService(81, 'own'), editService(80, 'own')]), '1 EINVAL');
  assert.deepEqual(told, ['init with 1', 'init with 2']);
});

/** Any change of few services and destinations. */
const anyChange: fc.Arbitrary<Change> = fc
  .record({
    port: fc.constantFrom(80, 81, 82),
    number: fc.integer({ min: 1, max: 4 }),
    weight: fc.integer({ min: -1, max: 3 }),
  })
  .chain(({ port, number, weight }) =>
    fc.constantFrom(
      FLUSH,
      addService(port),
      editService(port, weight < 0 ? 'nosuch' : 'wlc'),
      deleteService(port),
      add(number, port, weight),
      add(number, port, 1),
      edit(number, port, weight),
      remove(number, port),
    ),
  );

test('what passes its rehearsal is carried out, what does not is refused at that index', () => {
  fc.assert(
    fc.property(
      fc.array(anyChange, { maxLength: 12 }),
      fc.array(anyChange, { maxLength: 12 }),
      (history, batch) => {
        const { director } = trial({ maxServices: 2, maxDestinations: 5 });
        for (const change of history) if (verdict(director, [change]) === 'ok') carryOut(director, change);
        const expected = verdict(director, batch);
        let seen = 'ok';
        for (const [index, change] of batch.entries()) {
          try {
            carryOut(director, change);
          } catch (thrown) {
            seen = `${index} ${(thrown as { code: string }).code}`;
            break;
          }
        }
        assert.equal(seen, expected);
      },
    ),
  );
});

test('the inverses of a batch, last one first, take it back', () => {
  fc.assert(
    fc.property(fc.array(anyChange, { maxLength: 12 }), (batch) => {
      const { director } = trial();
      const before = said(director);
      const inverses: (readonly Inverse[])[] = [];
      for (const change of batch) {
        if (verdict(director, [change]) !== 'ok') continue;
        inverses.push(inverseOf(director, change));
        carryOut(director, change);
      }
      for (const { change, place } of inverses.reverse().flat()) carryOut(director, change, place);
      assert.deepEqual(byService(said(director)), byService(before));
    }),
  );
});

/** Deleted services come back at the end. */
function byService(table: unknown): string[] {
  return (table as unknown[]).map((service) => JSON.stringify(service)).sort();
}

test('a destination that was deleted comes back to its place', () => {
  const { director } = new Trial().with('rr', 1, 2, 3, 4, 5);
  const before = director.figures.list();
  const inverses: (readonly Inverse[])[] = [];
  for (const number of [3, 2, 5]) {
    inverses.push(inverseOf(director, remove(number)));
    carryOut(director, remove(number));
  }
  for (const { change, place } of inverses.reverse().flat()) carryOut(director, change, place);
  assert.deepEqual(director.figures.list(), before);
});

test('a service that was deleted comes back with its destinations in their order', () => {
  for (const change of [deleteService(), FLUSH]) {
    const { director } = trial();
    const before = director.figures.list(tcpKey());
    const inverse = inverseOf(director, change);
    carryOut(director, change);
    for (const step of inverse) carryOut(director, step.change, step.place);
    assert.deepEqual(director.figures.list(tcpKey()), before);
  }
});

test('what would be refused has nothing to take back', () => {
  const { director } = trial();
  for (const change of [editService(82), deleteService(82), edit(1, 82), edit(9), remove(9)]) {
    assert.deepEqual(inverseOf(director, change), []);
  }
});
