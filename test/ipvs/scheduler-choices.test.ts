/** What a scheduler of a user's own chooses wrong harms nobody: wlc chooses in its place, and it is counted and told. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { SchedulableDestination } from '../../src/ipvs/scheduler.js';
import { type Answer, errorsOf, failing, own, told } from './own-scheduler.js';
import { destinationSpec, realServer, serviceSpec, tcpKey } from './specs.js';
import { Trial } from './trial.js';

const LIKENESS: SchedulableDestination = {
  address: realServer(3),
  port: 80,
  weight: 1,
  lastWeight: 1,
  isOverloaded: false,
  activeConnections: 0,
  inactiveConnections: 0,
};

const WRONG: readonly { readonly name: string; readonly schedule: Answer; readonly says: RegExp }[] = [
  { name: 'throws', schedule: failing, says: /^schedule 1 threw: out of order$/ },
  {
    name: 'throws what is no error',
    schedule: () => {
      throw 'a string';
    },
    says: /^schedule 1 threw: a string$/,
  },
  {
    name: 'throws what cannot be made a text',
    schedule: () => {
      throw Object.create(null);
    },
    says: /^schedule 1 threw: something without words$/,
  },
  {
    name: 'never stops calling itself',
    schedule: function again(service, flow): unknown {
      return [again(service, flow)];
    },
    says: /^schedule 1 threw: Maximum call stack/,
  },
  { name: 'answers null', schedule: () => null, says: /^answer 1 chose what is no destination$/ },
  { name: 'answers a number', schedule: () => 0, says: /no destination$/ },
  { name: 'answers an address', schedule: () => realServer(1), says: /no destination$/ },
  { name: 'answers the whole list', schedule: ({ destinations }) => destinations, says: /no destination$/ },
  { name: 'answers a likeness', schedule: () => LIKENESS, says: /no destination$/ },
  {
    name: 'answers a proxy',
    schedule: ({ destinations }) => new Proxy(destinations[0]!, {}),
    says: /no destination$/,
  },
  {
    name: 'answers a proxy that throws',
    schedule: () => new Proxy({}, { getPrototypeOf: failing, get: failing, has: failing }),
    says: /no destination$/,
  },
  {
    name: 'answers a quiesced destination',
    schedule: ({ destinations }) => destinations.find(({ weight }) => weight === 0),
    says: /chose a quiesced destination$/,
  },
  {
    name: 'answers an overloaded destination',
    schedule: ({ destinations }) => destinations.find(({ isOverloaded }) => isOverloaded),
    says: /chose an overloaded destination$/,
  },
  {
    name: 'answers a promise',
    schedule: async ({ destinations }) => destinations[0],
    says: /chose a promise$/,
  },
  { name: 'answers a promise that is rejected', schedule: async () => failing(), says: /chose a promise$/ },
  {
    name: 'sorts the list in place',
    schedule: ({ destinations }) => (destinations as SchedulableDestination[]).sort()[0],
    says: /^schedule 1 threw: Cannot assign to read only property/,
  },
  {
    name: 'takes a destination out of the list',
    schedule: ({ destinations }) => (destinations as SchedulableDestination[]).shift(),
    says: /^schedule 1 threw: Cannot/,
  },
  {
    name: 'changes a weight',
    schedule: ({ destinations }) => Object.assign(destinations[0]!, { weight: 9 }),
    says: /^schedule 1 threw: Cannot set property weight/,
  },
];

describe('a scheduler of a user that', () => {
  for (const { name, schedule, says } of WRONG) {
    test(`${name} is counted and told, and wlc chooses`, async () => {
      const trial = new Trial({ schedulers: [own(schedule)] }).with('own', 1, 2, 3, 4, 5);
      trial.director.editDestination(tcpKey(), destinationSpec(5, { weight: 0 }));
      trial.director.editDestination(tcpKey(), destinationSpec(2, { weight: 3 }));
      trial.dataPlane.find(realServer(4)).isOverloaded = true;
      trial.dataPlane.find(realServer(3)).active = 1;
      trial.dataPlane.find(realServer(2)).active = 2;
      trial.dataPlane.find(realServer(1)).active = 2;
      assert.equal(trial.connect(), 2);
      assert.equal(errorsOf(trial), 1);
      const lines = told(trial);
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, says);
      assert.equal(trial.connect(), 3);
      assert.equal(trial.director.schedulerTroubles.count, 2);
      assert.deepEqual(trial.order(), [5, 4, 3, 2, 1]);
      // A rejection that nobody met would end this process now.
      await turn();
    });
  }

  test('throws where nobody is usable finds nobody', () => {
    const trial = new Trial({ schedulers: [own(failing)] }).with('own', 1);
    trial.director.editDestination(tcpKey(), destinationSpec(1, { weight: 0 }));
    assert.equal(trial.connect(), null);
  });

  test('chooses a deleted destination, or one of another service, is counted', () => {
    let kept: unknown;
    const hoarder = own(({ destinations }) => {
      kept ??= destinations[0];
      return kept;
    });
    const trial = new Trial({ schedulers: [hoarder] }).with('own', 1, 2);
    assert.equal(trial.connect(), 2);
    trial.director.deleteDestination(tcpKey(), { address: realServer(2), port: 80 });
    assert.equal(trial.connect(), 1);
    trial.director.addDestination(tcpKey(), destinationSpec(2));
    assert.equal(trial.connect(), 2);
    assert.equal(errorsOf(trial), 1);
    trial.director.addService(serviceSpec({ key: tcpKey(81), scheduler: 'own' }));
    trial.director.addDestination(tcpKey(81), destinationSpec(3));
    assert.equal(trial.connect(tcpKey(81)), 3);
    assert.equal(errorsOf(trial, 81), 1);
  });

  test('may choose an overloaded destination does so', () => {
    const trial = new Trial({
      schedulers: [own(({ destinations }) => destinations[0], { mayChooseOverloaded: true })],
    });
    trial.with('own', 1, 2);
    trial.dataPlane.find(realServer(2)).isOverloaded = true;
    assert.equal(trial.connect(), 2);
    assert.equal(errorsOf(trial), 0);
  });

  test('fails leaves another service, of the same scheduler too, as it is', () => {
    const picky = own(({ destinations }) => (destinations.length > 1 ? failing() : destinations[0]));
    const trial = new Trial({ schedulers: [picky] }).with('own', 1, 2);
    trial.director.addService(serviceSpec({ key: tcpKey(81), scheduler: 'own' }));
    trial.director.addDestination(tcpKey(81), destinationSpec(3));
    assert.equal(trial.connect(), 2);
    assert.equal(trial.connect(tcpKey(81)), 3);
    assert.deepEqual([errorsOf(trial), errorsOf(trial, 81)], [1, 0]);
  });
});
