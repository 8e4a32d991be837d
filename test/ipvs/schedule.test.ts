import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Scheduler } from '../../src/ipvs/scheduler.js';
import { destinationSpec, FLOW, realServer, serviceSpec, tcpKey } from './specs.js';
import { Trial } from './trial.js';

const NO_DESTINATION = -1;
const UNSUPPORTED_FORWARDING = -2;

/** A user's scheduler whose choice is what a test says. */
function scheduler(schedule: Scheduler['schedule'], hooks: Partial<Scheduler> = {}): Scheduler {
  return { name: 'own', schedule, ...hooks };
}

test('a service without destinations, and one that is not there, have none to give', () => {
  const { director } = new Trial().with('rr');
  assert.equal(director.schedule(0, FLOW), NO_DESTINATION);
  assert.equal(director.schedule(7, FLOW), NO_DESTINATION);
  director.deleteService(tcpKey());
  assert.equal(director.schedule(0, FLOW), NO_DESTINATION);
});

test('the scheduler of a deleted service is not asked any more', () => {
  let calls = 0;
  const own = scheduler(({ destinations }) => {
    calls += 1;
    return destinations[0];
  });
  const trial = new Trial({ schedulers: [own] }).with('own', 1);
  trial.director.deleteService(tcpKey());
  assert.equal(trial.director.schedule(0, FLOW), NO_DESTINATION);
  assert.equal(calls, 0);
});

test('the scheduler named none refuses every connection and is no failure', () => {
  const trial = new Trial().with('none', 1);
  assert.equal(trial.connect(), null);
  assert.equal(trial.director.findService(tcpKey())?.schedulerErrors, 0);
});

test('a scheduler sees the flow and the destinations newest first, with their live counts', () => {
  const seen: unknown[] = [];
  const own = scheduler(({ destinations, schedulerFlags }, flow) => {
    seen.push(flow, schedulerFlags, ...destinations.map((one) => [one.address, one.activeConnections]));
    return destinations[1];
  });
  const trial = new Trial({ schedulers: [own] });
  trial.director.addService(serviceSpec({ scheduler: 'own', schedulerFlags: 0x18 }));
  for (const number of [1, 2]) trial.director.addDestination(tcpKey(), destinationSpec(number));
  trial.dataPlane.find(realServer(2)).active = 9;
  assert.equal(trial.connect(), 1);
  assert.deepEqual(seen, [FLOW, 0x18, [realServer(2), 9], [realServer(1), 0]]);
});

test('hooks hear of additions, edits and deletions, with the state that init gave', () => {
  const heard: unknown[] = [];
  const own = scheduler(() => undefined, {
    init: () => 'memory',
    destinationAdded: ({ state }, { address }) => heard.push(['added', state, address]),
    destinationEdited: ({ state }, { address, weight }) => heard.push(['edited', state, address, weight]),
    destinationRemoved: ({ state }, { address }, index) => heard.push(['removed', state, address, index]),
  });
  const trial = new Trial({ schedulers: [own] }).with('own', 1, 2);
  trial.director.editDestination(tcpKey(), destinationSpec(1, { weight: 4 }));
  trial.director.deleteDestination(tcpKey(), { address: realServer(1), port: 80 });
  trial.director.addDestination(tcpKey(), destinationSpec(1));
  assert.deepEqual(heard, [
    ['added', 'memory', realServer(1)],
    ['added', 'memory', realServer(2)],
    ['edited', 'memory', realServer(1), 4],
    ['removed', 'memory', realServer(1), 1],
    ['added', 'memory', realServer(1)],
  ]);
});

test('an edit that keeps the scheduler keeps its memory', () => {
  const trial = new Trial().with('rr', 1, 2, 3);
  assert.equal(trial.connect(), 3);
  trial.director.editService(serviceSpec({ isOnePacket: true }));
  assert.equal(trial.connect(), 2);
});

for (const forwarding of ['tunneling', 'direct-routing', 'local'] as const) {
  test(`a choice forwarded by ${forwarding} cannot be carried out, and counts for the scheduler only`, () => {
    const trial = new Trial().with('rr', 1);
    const tunnel = forwarding === 'tunneling' ? ({ type: 'ipip', port: 0, checksum: 'none' } as const) : null;
    trial.director.addDestination(tcpKey(), destinationSpec(2, { forwarding, tunnel, upperThreshold: 1 }));
    const ids = Array.from({ length: 4 }, () => trial.director.schedule(0, FLOW));
    assert.deepEqual(ids, [UNSUPPORTED_FORWARDING, 0, UNSUPPORTED_FORWARDING, 0]);
    assert.equal(trial.dataPlane.find(realServer(2)).isOverloaded, false);
    assert.equal(trial.director.schedulerFailures, 0);
  });
}

test('an edit of the forwarding method holds for the next connection', () => {
  const trial = new Trial().with('rr', 1);
  trial.director.editDestination(tcpKey(), destinationSpec(1, { forwarding: 'direct-routing' }));
  assert.equal(trial.director.schedule(0, FLOW), UNSUPPORTED_FORWARDING);
  trial.director.editDestination(tcpKey(), destinationSpec(1));
  assert.equal(trial.director.schedule(0, FLOW), 0);
});

test('connections that found no destination are counted', () => {
  const trial = new Trial().with('rr');
  trial.director.schedule(0, FLOW);
  trial.director.schedule(7, FLOW);
  assert.equal(trial.director.schedulerFailures, 2);
});

test('the weight from before it was quiesced is remembered, and forgotten when it is added anew', () => {
  const seen: number[] = [];
  const own = scheduler(({ destinations }) => {
    seen.push(...destinations.map(({ lastWeight }) => lastWeight));
    return undefined;
  });
  const trial = new Trial({ schedulers: [own] }).with('own', 1);
  trial.director.editDestination(tcpKey(), destinationSpec(1, { weight: 5 }));
  trial.director.editDestination(tcpKey(), destinationSpec(1, { weight: 0 }));
  trial.connect();
  trial.director.deleteDestination(tcpKey(), { address: realServer(1), port: 80 });
  trial.director.addDestination(tcpKey(), destinationSpec(1, { weight: 0 }));
  trial.connect();
  assert.deepEqual(seen, [5, 0]);
});
