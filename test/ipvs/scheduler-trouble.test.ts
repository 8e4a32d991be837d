/** What a scheduler of a user's own does wrong harms nobody: wlc chooses in its place, and it is counted and told. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { UipvsError } from '../../src/base/error.js';
import type {
  FiveTuple,
  SchedulableDestination,
  SchedulableService,
  Scheduler,
} from '../../src/ipvs/scheduler.js';
import { destinationSpec, realServer, serviceSpec, tcpKey } from './specs.js';
import { Trial } from './trial.js';

const SERVICE = 'TCP 10.9.0.1:80';

/** What a module in JavaScript may answer, whatever TypeScript says. */
type Answer = (service: SchedulableService<unknown>, flow: FiveTuple) => unknown;

function own(schedule: Answer, hooks: Partial<Scheduler> = {}): Scheduler {
  return { name: 'own', schedule: schedule as Scheduler['schedule'], ...hooks };
}

function failing(): never {
  throw new Error('out of order');
}

function errorsOf(trial: Trial, port = 80): number | undefined {
  return trial.director.findService(tcpKey(port))?.schedulerErrors;
}

function told(trial: Trial): string[] {
  return [...trial.director.schedulerTroubles.due()].map(
    ({ kind, what, times }) => `${kind} ${times} ${what}`,
  );
}

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

  test('throws in its hooks has every change done', () => {
    const hooks = { destinationAdded: failing, destinationEdited: failing, destinationRemoved: failing };
    const trial = new Trial({ schedulers: [own(({ destinations }) => destinations[0], hooks)] }).with(
      'own',
      1,
      2,
    );
    trial.director.editDestination(tcpKey(), destinationSpec(1, { weight: 4 }));
    trial.director.deleteDestination(tcpKey(), { address: realServer(2), port: 80 });
    assert.deepEqual(trial.order(), [1]);
    assert.equal(trial.connect(), 1);
    assert.equal(errorsOf(trial), 4);
    assert.deepEqual(told(trial), ['hook 4 failed where it was told of a change: out of order']);
  });

  test('throws in init is not asked, and the service works by wlc', () => {
    let isBroken = true;
    const schedule = (): never => assert.fail('asked');
    const init = (): void => (isBroken ? failing() : undefined);
    const trial = new Trial({ schedulers: [own(schedule, { init, destinationAdded: schedule })] }).with(
      'own',
      1,
      2,
    );
    assert.deepEqual([trial.connect(), trial.connect(), trial.connect()], [2, 1, 2]);
    assert.deepEqual(told(trial), ['init 4 failed in init: out of order']);
    isBroken = false;
    trial.director.editService(serviceSpec({ scheduler: 'own', isOnePacket: true }));
    trial.connect();
    assert.match(told(trial)[0]!, /^schedule 1 threw: asked/);
  });

  test('does not answer init at once is not asked either', async () => {
    const init = async (): Promise<never> => failing();
    const trial = new Trial({ schedulers: [own(() => assert.fail('asked'), { init })] }).with('own', 1);
    assert.equal(trial.connect(), 1);
    assert.match(told(trial)[0]!, /^init 2 failed in init: it answered a promise/);
    await turn();
  });

  test('refuses the service by an error of ours is obeyed, and nothing has changed', () => {
    const init = (): never => {
      throw new UipvsError('EINVAL', 'too many');
    };
    const trial = new Trial({ schedulers: [own(() => undefined, { init })] });
    const refusal = { code: 'EINVAL', message: /own refuses service TCP 10\.9\.0\.1:80: too many/ };
    assert.throws(() => trial.director.addService(serviceSpec({ scheduler: 'own' })), refusal);
    assert.equal(trial.dataPlane.services.size, 0);
    trial.with('rr', 1, 2);
    assert.equal(trial.director.findService(tcpKey())?.id, 0);
    assert.throws(() => trial.director.editService(serviceSpec({ scheduler: 'own' })), refusal);
    assert.equal(trial.director.findService(tcpKey())?.spec.scheduler, 'rr');
    assert.deepEqual([trial.connect(), trial.connect(), trial.connect()], [2, 1, 2]);
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

describe('a scheduler with a time limit', () => {
  test('that exceeds it gets its choice, and rests for nine times as long', () => {
    let tookMs = 200;
    const slow = own(
      ({ destinations }) => {
        trial.nowMs += tookMs;
        return destinations[0];
      },
      { timeLimitMs: 100 },
    );
    const trial: Trial = new Trial({ schedulers: [slow] });
    trial.with('own', 1, 2);
    assert.equal(trial.connect(), 2);
    assert.deepEqual(told(trial), ['time 1 took 200 ms and is not asked for 1800 ms']);
    tookMs = 100;
    assert.equal(trial.connect(), 1);
    trial.nowMs = 1999;
    assert.deepEqual([trial.connect(), trial.connect()], [2, 1]);
    assert.equal(trial.nowMs, 1999);
    trial.nowMs = 2000;
    assert.deepEqual([trial.connect(), trial.connect()], [2, 2]);
    assert.equal(trial.nowMs, 2200);
    assert.equal(errorsOf(trial), 1);
  });

  test('is asked again after a minute at most', () => {
    const slow = own(
      ({ destinations }) => {
        trial.nowMs += 3_600_000;
        return destinations[1];
      },
      { timeLimitMs: 100 },
    );
    const trial: Trial = new Trial({ schedulers: [slow] });
    trial.with('own', 1, 2);
    assert.equal(trial.connect(), 1);
    trial.nowMs += 60_000;
    trial.connect();
    assert.equal(errorsOf(trial), 2);
  });
});

describe('trouble is told', () => {
  test('once when it begins and once a minute while it goes on', () => {
    const trial = new Trial({ schedulers: [own(failing)] }).with('own', 1);
    for (let turn = 0; turn < 1000; turn += 1) trial.connect();
    assert.deepEqual(told(trial), ['schedule 1000 threw: out of order']);
    for (; trial.nowMs < 59_000; trial.nowMs += 1000) {
      trial.connect();
      assert.deepEqual(told(trial), []);
    }
    trial.nowMs = 60_000;
    assert.deepEqual(told(trial), ['schedule 59 threw: out of order']);
    trial.nowMs = 200_000;
    assert.deepEqual(told(trial), []);
    trial.connect();
    assert.deepEqual(told(trial), ['schedule 1 threw: out of order']);
  });

  test('of each service and each kind for itself, with the latest words', () => {
    let count = 0;
    const restless = own(
      () => {
        count += 1;
        throw new Error(`number ${count}`);
      },
      { destinationAdded: failing },
    );
    const trial = new Trial({ schedulers: [restless] }).with('own', 1);
    trial.director.addService(serviceSpec({ key: tcpKey(81), scheduler: 'own' }));
    for (const port of [80, 80, 81]) trial.connect(tcpKey(port));
    const troubles = [...trial.director.schedulerTroubles.due()];
    assert.deepEqual(
      troubles.map(({ service, what }) => `${service} ${what}`),
      [
        `${SERVICE} failed where it was told of a change: out of order`,
        `${SERVICE} threw: number 2`,
        'TCP 10.9.0.1:81 threw: number 3',
      ],
    );
  });

  test('in few words', () => {
    const trial = new Trial({
      schedulers: [
        own(() => {
          throw new Error('x'.repeat(1_000_000));
        }),
      ],
    }).with('own', 1);
    trial.connect();
    assert.equal(told(trial)[0]!.length, 'schedule 1 '.length + 200);
  });
});

describe('a service that is there from before a restart', () => {
  test('works by wlc where its scheduler is unknown by now, until it gets another one', () => {
    const trial = new Trial();
    trial.director.restoreService(serviceSpec({ scheduler: 'gone' }));
    for (const number of [1, 2]) trial.director.addDestination(tcpKey(), destinationSpec(number));
    assert.deepEqual([trial.connect(), trial.connect()], [2, 1]);
    assert.deepEqual(told(trial), [
      'init 3 failed in init: it is unknown since the daemon was started again',
    ]);
    assert.equal(trial.director.findService(tcpKey())?.spec.scheduler, 'gone');
    assert.throws(() => trial.director.editService(serviceSpec({ scheduler: 'gone' })), { code: 'ENOENT' });
    trial.director.editService(serviceSpec({ scheduler: 'rr' }));
    assert.deepEqual([trial.connect(), trial.connect()], [2, 1]);
    assert.equal(errorsOf(trial), 0);
  });

  test('is as it was where the scheduler is there, and none stays none', () => {
    const trial = new Trial();
    trial.director.restoreService(serviceSpec({ scheduler: 'rr' }));
    trial.director.restoreService(serviceSpec({ key: tcpKey(81), scheduler: 'none' }));
    trial.director.addDestination(tcpKey(81), destinationSpec(1));
    assert.equal(trial.connect(tcpKey(81)), null);
    assert.equal(trial.director.schedulerTroubles.count, 0);
  });
});
