/** A scheduler of a user's own that fails beside its choices, takes too long or is gone harms nobody, and all of it is told. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { UipvsError } from '../../src/base/error.js';
import { errorsOf, failing, own, told } from './own-scheduler.js';
import { destinationSpec, realServer, serviceSpec, tcpKey } from './specs.js';
import { Trial } from './trial.js';

const SERVICE = 'TCP 10.9.0.1:80';

describe('a scheduler of a user that', () => {
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
