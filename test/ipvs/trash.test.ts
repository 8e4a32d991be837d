import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destinationSpec, realServer, serviceSpec, tcpKey } from './specs.js';
import { Trial } from './trial.js';

const RS1 = { address: realServer(1), port: 80 };
const CONNECTION = { connections: 1, inPackets: 3, outPackets: 2, inBytes: 164, outBytes: 116 };
const NOTHING = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };

test('a deleted destination is unavailable in the data plane and gets no connections', () => {
  const trial = new Trial().with('rr', 1, 2);
  trial.director.deleteDestination(tcpKey(), RS1);
  assert.equal(trial.dataPlane.find(realServer(1)).isAvailable, false);
  assert.deepEqual([trial.connect(), trial.connect()], [2, 2]);
  assert.deepEqual(trial.order(), [2]);
});

test('a destination added again goes to the head with its id, its connections and its counters', () => {
  const trial = new Trial().with('rr', 1, 2);
  const { id } = trial.dataPlane.find(realServer(1));
  trial.dataPlane.find(realServer(1)).active = 2;
  trial.count(1, CONNECTION);
  trial.director.deleteDestination(tcpKey(), RS1);
  trial.nowMs = 60_000;
  assert.equal(trial.director.collectTrash(), 0, 'connections refer to it');
  trial.director.addDestination(tcpKey(), destinationSpec(1, { weight: 7 }));
  assert.equal(trial.dataPlane.find(realServer(1)).id, id);
  assert.equal(trial.dataPlane.find(realServer(1)).isAvailable, true);
  const [service] = trial.director.figures.list(tcpKey());
  const [first] = service!.destinations;
  assert.deepEqual(
    [first?.address, first?.weight, first?.activeConnections, first?.counters],
    [realServer(1), 7, 2, CONNECTION],
  );
  assert.deepEqual(service?.counters, CONNECTION, 'counted once');
});

test('the trash lets go of a destination after 2 s, and not before', () => {
  const trial = new Trial().with('rr', 1);
  trial.nowMs = 500;
  trial.director.deleteDestination(tcpKey(), RS1);
  trial.nowMs = 2499;
  assert.equal(trial.director.collectTrash(), 0);
  trial.nowMs = 2500;
  assert.equal(trial.director.collectTrash(), 1);
  assert.equal(trial.dataPlane.destinations.size, 0);
  assert.equal(trial.director.collectTrash(), 0);
});

for (const kind of ['active', 'inactive', 'persistent'] as const) {
  test(`the trash keeps a destination while an ${kind} connection refers to it`, () => {
    const trial = new Trial().with('rr', 1);
    const destination = trial.dataPlane.find(realServer(1));
    destination[kind] = 1;
    trial.director.deleteDestination(tcpKey(), RS1);
    trial.nowMs = 1e6;
    assert.equal(trial.director.collectTrash(), 0);
    destination[kind] = 0;
    assert.equal(trial.director.collectTrash(), 1);
  });
}

test('what passes while a destination is in the trash is not counted', () => {
  const trial = new Trial().with('rr', 1);
  trial.count(1, CONNECTION);
  trial.director.deleteDestination(tcpKey(), RS1);
  trial.count(1, { inPackets: 100, inBytes: 4000 });
  assert.deepEqual(trial.director.figures.list()[0]?.counters, CONNECTION);
  trial.director.addDestination(tcpKey(), destinationSpec(1));
  assert.deepEqual(trial.director.figures.list()[0]?.destinations[0]?.counters, CONNECTION);
  trial.count(1, { inPackets: 1 });
  assert.equal(trial.director.figures.list()[0]?.counters.inPackets, 4);
});

/** A trial whose real server 1 counted a connection and then went, at 0; and how old its trash is. */
function trialWithTrash(ageMs: number): Trial {
  const trial = new Trial().with('rr', 1);
  trial.count(1, CONNECTION);
  trial.director.deleteDestination(tcpKey(), RS1);
  for (trial.nowMs = 0; trial.nowMs < ageMs; trial.nowMs += 1000) trial.director.collectTrash();
  return trial;
}

for (const [seconds, counters] of [
  [3, CONNECTION],
  [179, CONNECTION],
  [182, NOTHING],
] as const) {
  const what = counters === NOTHING ? 'forgotten' : 'kept';
  test(`the figures of a destination without connections are ${what} after ${seconds} s`, () => {
    const trial = trialWithTrash(seconds * 1000);
    assert.equal(trial.dataPlane.destinations.size, 0, 'its id is free');
    trial.director.addDestination(tcpKey(), destinationSpec(1, { weight: 3 }));
    const [service] = trial.director.figures.list();
    assert.deepEqual(service?.destinations[0]?.counters, counters);
    assert.equal(service?.destinations[0]?.weight, 3);
    assert.deepEqual(service?.counters, CONNECTION, 'the service lost nothing and counts nothing twice');
    trial.count(1, { inPackets: 1 });
    assert.equal(trial.director.figures.list()[0]?.counters.inPackets, 4);
  });
}

test('a destination whose id has gone comes back with another id', () => {
  const trial = trialWithTrash(3000);
  trial.director.addDestination(tcpKey(), destinationSpec(2));
  trial.director.addDestination(tcpKey(), destinationSpec(1));
  assert.equal(trial.dataPlane.find(realServer(2)).id, 0);
  assert.equal(trial.dataPlane.find(realServer(1)).id, 1);
  assert.deepEqual([trial.connect(), trial.connect()], [1, 2]);
});

test('its figures are not those of a service that was deleted and added again', () => {
  const trial = trialWithTrash(3000);
  trial.director.deleteService(tcpKey());
  trial.with('rr', 1);
  assert.deepEqual(trial.director.figures.list()[0]?.destinations[0]?.counters, NOTHING);
});

test('a service added again takes its id and its destinations back, with counters at 0', () => {
  const trial = new Trial().with('rr', 1);
  trial.director.addService(serviceSpec({ key: tcpKey(81) }));
  trial.dataPlane.find(realServer(1)).active = 2;
  trial.count(1, CONNECTION);
  trial.director.figures.zero();
  trial.count(1, CONNECTION);
  const id = trial.director.findService(tcpKey())?.id;
  trial.director.deleteService(tcpKey());
  trial.director.addService(serviceSpec({ key: tcpKey(82) }));
  assert.notEqual(trial.director.findService(tcpKey(82))?.id, id, 'connections refer to the id');
  trial.with('wrr', 1);
  assert.equal(trial.director.findService(tcpKey())?.id, id);
  const [service] = trial.director.figures.list(tcpKey());
  assert.deepEqual(service?.counters, NOTHING);
  assert.deepEqual(service?.destinations[0]?.counters, NOTHING);
  assert.equal(service?.destinations[0]?.activeConnections, 2);
});

test('the id of a deleted service is free once the trash let go of its destinations', () => {
  const trial = new Trial().with('rr', 1, 2);
  trial.director.deleteService(tcpKey());
  trial.nowMs = 2000;
  trial.director.collectTrash();
  trial.director.addService(serviceSpec({ key: tcpKey(81) }));
  assert.equal(trial.director.findService(tcpKey(81))?.id, 0);
});

test('the same real server of another service is not taken from the trash', () => {
  const trial = new Trial().with('rr', 1);
  trial.director.addService(serviceSpec({ key: tcpKey(81) }));
  trial.director.deleteDestination(tcpKey(), RS1);
  trial.director.addDestination(tcpKey(81), destinationSpec(1));
  assert.deepEqual(
    [...trial.dataPlane.destinations.values()].map(({ serviceId, isAvailable }) => [serviceId, isAvailable]),
    [
      [0, false],
      [1, true],
    ],
  );
});

test('a flush puts every destination into the trash and every service away', () => {
  const trial = new Trial().with('rr', 1, 2);
  trial.director.addService(serviceSpec({ key: tcpKey(81) }));
  trial.director.flush();
  assert.deepEqual(trial.director.figures.list(), []);
  assert.equal(trial.dataPlane.services.size, 0);
  trial.nowMs = 2000;
  assert.equal(trial.director.collectTrash(), 2);
});
