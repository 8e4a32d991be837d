import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Change } from '../../src/control/protocol.js';
import { CommandRunner, type SingleRequest } from '../../src/daemon/commands.js';
import { readSavedState } from '../../src/daemon/saved-state.js';
import { formatEntry, type StateEntry } from '../../src/daemon/state-entry.js';
import { entriesOf, restoreInto } from '../../src/daemon/state-restore.js';
import type { Director } from '../../src/ipvs/director.js';
import { destinationSpec, realServer, serviceSpec, tcpKey } from '../ipvs/specs.js';
import { Trial } from '../ipvs/trial.js';

const BOOT = '3b0e6d4c-0000-4000-8000-000000000001';
const BEGIN = formatEntry({ op: 'begin', version: 1, bootId: BOOT });
const NO_ENGINE = {
  connections: () => [],
  workerCounters: () => ({}),
  holdNew: () => {},
  admitNew: () => {},
};

/** All that a user said, with the ids of destinations. */
function said(director: Director): unknown {
  return {
    services: [...director.services()].map(({ spec, destinations }) => [
      spec,
      destinations.map(({ spec: destination, id }) => [id, destination]),
    ]),
    timeouts: director.timeouts,
    sysctls: director.sysctls(),
  };
}

function restored(text: string, options?: ConstructorParameters<typeof Trial>[0]): Director {
  const { director } = new Trial(options);
  restoreInto(director, readSavedState(text, BOOT).state, (refusal) => {
    throw refusal;
  });
  return director;
}

const place = fc.record({
  port: fc.constantFrom(80, 81),
  number: fc.integer({ min: 1, max: 4 }),
  weight: fc.integer({ min: 0, max: 3 }),
});
const change: fc.Arbitrary<Change> = place.chain(({ port, number, weight }) => {
  const key = tcpKey(port);
  const destination = destinationSpec(number, { weight });
  const service = serviceSpec({ key, scheduler: weight > 1 ? 'wlc' : 'rr' });
  return fc.constantFrom<Change>(
    { op: 'add-service', service },
    { op: 'edit-service', service },
    { op: 'delete-service', key },
    { op: 'add-destination', key, destination },
    { op: 'add-destination', key, destination },
    { op: 'add-destination', key, destination },
    { op: 'edit-destination', key, destination },
    { op: 'delete-destination', key, destination: { address: realServer(number), port: 80 } },
    { op: 'flush' },
  );
});
const request: fc.Arbitrary<SingleRequest> = fc.oneof(
  { weight: 8, arbitrary: change },
  fc.array(change, { maxLength: 4 }).map((requests): SingleRequest => ({ op: 'batch', requests })),
  place.map(
    ({ number }): SingleRequest => ({
      op: 'set-timeouts',
      timeouts: { tcp: number * 60, tcpFin: 0, udp: 0 },
    }),
  ),
  place.map(
    ({ weight }): SingleRequest => ({
      op: 'set-sysctl',
      name: 'expire_nodest_conn',
      value: String(weight % 2),
    }),
  ),
);
/** A request, or time that passes, with or without connections of the deleted. */
const step = fc.oneof({ weight: 6, arbitrary: request }, fc.constant('time' as const));

/** What is written down while the requests are carried out, refused ones left out. */
async function written(trial: Trial, steps: readonly (SingleRequest | 'time')[]): Promise<string[]> {
  const lines = [BEGIN];
  const runner = new CommandRunner(trial.director, NO_ENGINE, {
    note: (entry) => void lines.push(formatEntry(entry)),
    noteBatch: (batch) => void lines.push(Buffer.from(batch.end()).toString()),
  });
  for (const each of steps) {
    if (each === 'time') {
      trial.nowMs += 3000;
      trial.director.collectTrash();
      continue;
    }
    try {
      const run = await runner.run(each);
      // Some are refused by the host, and taken back.
      if (each.op === 'add-destination' && each.destination.weight === 3) run.undo?.();
    } catch {
      // Refused by the model.
    }
  }
  return lines;
}

test('what is restored is what was said, with the same ids, after any requests', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const trial = new Trial();
      const director = restored((await written(trial, steps)).join(''));
      assert.deepEqual(said(director), said(trial.director));
      const present = new Map(
        [...director.discarded()].map(({ id, destination }) => [id, destination.address]),
      );
      for (const { id, destination } of trial.director.discarded()) {
        assert.equal(present.get(id), destination.address, `deleted destination ${id}`);
      }
    }),
  );
});

test('the short form says the same as the long one', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const trial = new Trial();
      await written(trial, steps);
      const short = [BEGIN, ...[...entriesOf(trial.director, ['uipvs0'])].map(formatEntry)].join('');
      const director = restored(short);
      assert.deepEqual(said(director), said(trial.director));
      const ids = (of: Director) => [...of.discarded()].map(({ id }) => id).sort();
      assert.deepEqual(ids(director), ids(trial.director));
      assert.deepEqual([...readSavedState(short, BOOT).state.devices], ['uipvs0']);
    }),
  );
});

test('a file that was cut anywhere says what its whole lines say', async () => {
  const trial = new Trial();
  const key = tcpKey();
  const steps: SingleRequest[] = [
    { op: 'add-service', service: serviceSpec() },
    { op: 'add-destination', key, destination: destinationSpec(1) },
    {
      op: 'batch',
      requests: [
        { op: 'add-destination', key, destination: destinationSpec(2) },
        { op: 'edit-service', service: serviceSpec({ scheduler: 'wlc' }) },
      ],
    },
    { op: 'set-sysctl', name: 'drop_packet', value: '1' },
  ];
  const lines = await written(trial, steps);
  const text = lines.join('');
  for (let length = BEGIN.length; length <= text.length; length += 1) {
    const cut = text.slice(0, length);
    const whole = lines.filter((_, index) => lines.slice(0, index + 1).join('').length <= length);
    assert.equal(readSavedState(cut, BOOT).entries, whole.length);
    assert.deepEqual(said(restored(cut)), said(restored(whole.join(''))), `cut at ${length}`);
  }
});

test('a file with any character changed is recognised', async () => {
  const lines = await written(new Trial(), [{ op: 'add-service', service: serviceSpec() }]);
  const text = lines.join('');
  for (let at = 0; at < text.length - 1; at += 1) {
    const spoilt = `${text.slice(0, at)}${String.fromCharCode(text.charCodeAt(at) ^ 1)}${text.slice(at + 1)}`;
    assert.throws(() => readSavedState(spoilt, BOOT), { code: 'EINVAL' }, `character ${at}`);
  }
});

for (const [what, text, message] of [
  ['nothing', '', 'it has no beginning'],
  ['another version', formatEntry({ op: 'begin', version: 2, bootId: BOOT }), 'it is of version 2, not 1'],
  [
    'another boot',
    formatEntry({ op: 'begin', version: 1, bootId: 'another' }),
    'it is from before the host was started',
  ],
  ['no beginning', formatEntry({ op: 'flush' }), 'it has no beginning'],
  [
    'a destination without a service',
    BEGIN +
      formatEntry({ op: 'add-destination', key: tcpKey(), destination: destinationSpec(1), id: 1, place: 0 }),
    'its line 2 is not understood',
  ],
  [
    'an entry that is none',
    BEGIN + formatEntry({ op: 'nothing' } as unknown as StateEntry),
    'its line 2 is not understood',
  ],
] as const) {
  test(`a file of ${what} is refused in one sentence`, () => {
    assert.throws(() => readSavedState(text, BOOT), { code: 'EINVAL', message });
  });
}

test('what this version refuses is left out, and said', () => {
  const text = [
    BEGIN,
    formatEntry({ op: 'add-service', service: serviceSpec({ key: tcpKey(81), persistenceEngine: 'gone' }) }),
    formatEntry({ op: 'add-service', service: serviceSpec() }),
    formatEntry({ op: 'add-destination', key: tcpKey(81), destination: destinationSpec(1), id: 0, place: 0 }),
    formatEntry({ op: 'add-destination', key: tcpKey(), destination: destinationSpec(2), id: 1, place: 0 }),
  ].join('');
  const { director } = new Trial();
  const refusals: string[] = [];
  restoreInto(director, readSavedState(text, BOOT).state, ({ code }) => refusals.push(code));
  assert.deepEqual(refusals, ['ENOENT']);
  assert.deepEqual(
    [...director.services()].map(({ destinations }) => destinations.map(({ id }) => id)),
    [[1]],
  );
});

test('a service whose scheduler is unknown by now is there, with the ids of its destinations', () => {
  const text = [
    BEGIN,
    formatEntry({ op: 'add-service', service: serviceSpec({ scheduler: 'gone' }) }),
    formatEntry({ op: 'add-destination', key: tcpKey(), destination: destinationSpec(1), id: 3, place: 0 }),
    formatEntry({ op: 'add-destination', key: tcpKey(), destination: destinationSpec(2), id: 1, place: 0 }),
    formatEntry({ op: 'delete-destination', key: tcpKey(), destination: destinationSpec(2) }),
  ].join('');
  const { director } = new Trial();
  restoreInto(director, readSavedState(text, BOOT).state, ({ message }) => assert.fail(message));
  const services = [...director.services()];
  assert.deepEqual(
    services.map(({ spec, destinations }) => [spec.scheduler, destinations.map(({ id }) => id)]),
    [['gone', [3]]],
  );
  assert.deepEqual(
    [...director.discarded()].map(({ id }) => id),
    [1],
  );
});
