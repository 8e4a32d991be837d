import assert from 'node:assert/strict';
import { test } from 'node:test';
import { destinationSpec, realServer, serviceSpec, tcpKey } from './specs.js';
import { Trial } from './trial.js';

const CONNECTION = { connections: 1, inPackets: 3, outPackets: 2, inBytes: 164, outBytes: 116 };
const TWICE = { connections: 2, inPackets: 6, outPackets: 4, inBytes: 328, outBytes: 232 };
const NOTHING = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };

/** Counters of the service on port 80, then of its destinations. */
function counters(trial: Trial): unknown[] {
  const [service] = trial.director.figures.list(tcpKey());
  return [service!.counters, ...service!.destinations.map((destination) => destination.counters)];
}

test("a service's counters are the sum of its destinations'", () => {
  const trial = new Trial().with('rr', 1, 2);
  trial.count(1, CONNECTION);
  trial.count(2, CONNECTION);
  assert.deepEqual(counters(trial), [TWICE, CONNECTION, CONNECTION]);
});

test('what a deleted destination counted stays with the service, even when its id has gone', () => {
  const trial = new Trial().with('rr', 1, 2);
  trial.count(1, CONNECTION);
  trial.count(2, CONNECTION);
  trial.director.deleteDestination(tcpKey(), { address: realServer(1), port: 80 });
  assert.deepEqual(counters(trial), [TWICE, CONNECTION]);
  trial.nowMs = 2000;
  trial.director.collectTrash();
  assert.deepEqual(counters(trial), [TWICE, CONNECTION]);
  trial.director.addDestination(tcpKey(), destinationSpec(3));
  assert.deepEqual(counters(trial), [TWICE, NOTHING, CONNECTION]);
});

test('zeroing a service zeroes it and its destinations and no other service', () => {
  const trial = new Trial().with('rr', 1, 2);
  trial.director.addService(serviceSpec({ key: tcpKey(81) }));
  trial.director.addDestination(tcpKey(81), destinationSpec(3));
  for (const number of [1, 2, 3]) trial.count(number, CONNECTION);
  trial.director.figures.zero(tcpKey());
  assert.deepEqual(counters(trial), [NOTHING, NOTHING, NOTHING]);
  assert.deepEqual(trial.director.figures.list(tcpKey(81))[0]?.counters, CONNECTION);
  trial.count(2, CONNECTION);
  assert.deepEqual(counters(trial), [CONNECTION, CONNECTION, NOTHING]);
});

test('zeroing without a key zeroes every service', () => {
  const trial = new Trial().with('rr', 1);
  trial.director.addService(serviceSpec({ key: tcpKey(81) }));
  trial.director.addDestination(tcpKey(81), destinationSpec(3));
  for (const number of [1, 3]) trial.count(number, CONNECTION);
  trial.director.figures.zero();
  assert.deepEqual(
    trial.director.figures.list().map((service) => service.counters),
    [NOTHING, NOTHING],
  );
});

test('zeroed counters stay so while a destination is deleted and added again', () => {
  const trial = new Trial().with('rr', 1);
  trial.count(1, CONNECTION);
  trial.director.figures.zero();
  trial.director.deleteDestination(tcpKey(), { address: realServer(1), port: 80 });
  assert.deepEqual(counters(trial), [NOTHING]);
  trial.director.addDestination(tcpKey(), destinationSpec(1));
  assert.deepEqual(counters(trial), [NOTHING, NOTHING]);
});

test('rates follow the ticks for destinations and service, and zeroing resets them', () => {
  const trial = new Trial().with('rr', 1, 2);
  trial.count(1, { connections: 100, inBytes: 1_000_000 });
  trial.count(2, { connections: 100 });
  trial.director.figures.tick();
  const [service] = trial.director.figures.list();
  assert.deepEqual(service?.rates, { ...NOTHING, connections: 25, inBytes: 125_000 });
  assert.deepEqual(service?.destinations[1]?.rates, { ...NOTHING, connections: 12, inBytes: 125_000 });
  trial.director.figures.zero();
  assert.deepEqual(trial.director.figures.list()[0]?.rates, NOTHING);
  trial.director.figures.tick();
  assert.deepEqual(
    trial.director.figures.list()[0]?.rates,
    NOTHING,
    'growth from before the zero is forgotten',
  );
});

test('totals are those of all services, deleted ones included, and only a zero without a key zeroes them', () => {
  const trial = new Trial().with('rr', 1);
  trial.director.addService(serviceSpec({ key: tcpKey(81) }));
  trial.director.addDestination(tcpKey(81), destinationSpec(3));
  for (const number of [1, 3]) trial.count(number, CONNECTION);
  assert.deepEqual(trial.director.figures.totals(), { counters: TWICE, rates: NOTHING });
  trial.director.figures.zero(tcpKey());
  assert.deepEqual(trial.director.figures.totals().counters, TWICE);
  trial.director.deleteService(tcpKey(81));
  trial.count(3, CONNECTION);
  trial.nowMs = 2000;
  trial.director.collectTrash();
  assert.deepEqual(trial.director.figures.totals().counters, TWICE);
  trial.director.figures.zero();
  assert.deepEqual(trial.director.figures.totals().counters, NOTHING);
  trial.count(1, CONNECTION);
  assert.deepEqual(trial.director.figures.totals().counters, CONNECTION);
});

test('totals have rates of their own', () => {
  const trial = new Trial().with('rr', 1);
  trial.count(1, { connections: 100 });
  trial.director.figures.tick();
  assert.equal(trial.director.figures.totals().rates.connections, 12);
  trial.director.deleteService(tcpKey());
  trial.director.figures.tick();
  assert.equal(trial.director.figures.totals().rates.connections, 9);
  trial.director.figures.zero();
  assert.deepEqual(trial.director.figures.totals().rates, NOTHING);
});

test('without estimation counters and rates stand still, and go on where they would be', () => {
  const trial = new Trial().with('rr', 1);
  trial.count(1, { connections: 100 });
  trial.director.figures.tick();
  trial.director.setSysctl('run_estimation', '0');
  trial.count(1, { connections: 100 });
  trial.director.figures.tick();
  const shown = () => {
    const [service] = trial.director.figures.list();
    const figures = [trial.director.figures.totals(), service!, service!.destinations[0]!];
    return figures.map(({ counters, rates }) => [counters.connections, rates.connections]);
  };
  const still = [100, 12];
  assert.deepEqual(shown(), [still, still, still]);
  trial.director.setSysctl('run_estimation', '1');
  trial.director.figures.tick();
  const going = [200, 22];
  assert.deepEqual(shown(), [going, going, going]);
});

test('timeouts begin as the kernel has them and reach the data plane', () => {
  const { director, dataPlane } = new Trial();
  assert.deepEqual(director.timeouts, { tcp: 900, tcpFin: 120, udp: 300 });
  assert.deepEqual(dataPlane.timeouts, { tcp: 900, tcpFin: 120, udp: 300 });
});

test('a timeout of 0 keeps the present one', () => {
  const { director, dataPlane } = new Trial();
  director.setTimeouts({ tcp: 1, tcpFin: 0, udp: 6 });
  assert.deepEqual(director.timeouts, { tcp: 1, tcpFin: 120, udp: 6 });
  assert.deepEqual(dataPlane.timeouts, { tcp: 1, tcpFin: 120, udp: 6 });
});

for (const udp of [-1, 1.5, 21_474_837, Number.NaN]) {
  test(`a timeout of ${udp} is refused and nothing has changed: EINVAL`, () => {
    const { director } = new Trial();
    const refusal = { code: 'EINVAL', message: new RegExp(`timeout udp but received ${udp}$`) };
    assert.throws(() => director.checkSetTimeouts({ tcp: 5, tcpFin: 5, udp }), refusal);
    assert.throws(() => director.setTimeouts({ tcp: 5, tcpFin: 5, udp }), refusal);
    assert.deepEqual(director.timeouts, { tcp: 900, tcpFin: 120, udp: 300 });
  });
}
