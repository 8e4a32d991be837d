import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UipvsError } from '../../src/base/error.js';
import type { Scheduler } from '../../src/ipvs/scheduler.js';
import { mh } from '../../src/scheduling/mh.js';
import { tcpFlow } from './flows.js';
import { mhTwin } from './hash-twins.js';
import { TrialService } from './trial-service.js';

const TABLE_SIZE = 4093;

/** Who gets each of 200 clients. */
function choices(service: TrialService): (string | undefined)[] {
  return Array.from({ length: 200 }, (_, client) => {
    const index = service.choose(tcpFlow(`10.0.${client}.5`, 1024 + client));
    return index === undefined ? undefined : service.destinations[index]!.address;
  });
}

test('mh fills its table as its slow twin does, and looks further as it does', () => {
  const weight = fc.oneof(fc.nat({ max: 6 }), fc.integer({ min: 0, max: 4000 }));
  const edits = fc.array(fc.tuple(fc.nat({ max: 9 }), fc.oneof(weight, fc.constant(0))), { maxLength: 4 });
  const weights = fc.array(weight, { minLength: 1, maxLength: 10 });
  fc.assert(
    fc.property(
      weights,
      edits,
      fc.constantFrom(0, 0x08, 0x10, 0x18),
      fc.nat(),
      (given, edited, flags, salt) => {
        const [service, twin] = [new TrialService(mh, given), new TrialService(mhTwin, given)];
        for (const each of [service, twin]) {
          for (const [at, value] of edited) each.edit(at % given.length, value);
          each.schedulerFlags = flags;
        }
        for (let client = 0; client < 3; client += 1) {
          const flow = tcpFlow(`10.${salt % 256}.${client}.9`, 1024 + ((salt * (client + 1)) % 60000));
          assert.equal(service.choose(flow), twin.choose(flow));
        }
      },
    ),
    { numRuns: 100 },
  );
});

test('mh moves few clients of others when a destination goes', () => {
  const service = new TrialService(mh, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  const before = choices(service);
  const { address } = service.destinations[4]!;
  service.remove(4);
  const after = choices(service);
  const moved = before.filter((owner, client) => owner !== address && owner !== after[client]);
  assert.ok(moved.length <= 20, `${moved.length} of 200 moved`);
});

test('mh gives destinations as many slots as their weights say, within 2 in 100', () => {
  const service = new TrialService(mh, [1, 2, 3, 4]);
  const table = (service.state as { table: readonly unknown[] }).table;
  for (const destination of service.destinations) {
    const slots = table.filter((owner) => owner === destination).length;
    assert.ok(
      Math.abs(slots / TABLE_SIZE - destination.weight / 10) < 0.02,
      `${slots} for ${destination.weight}`,
    );
  }
});

/** Observed on kernel IPVS: an IPv4 service, tunnels to fd01::11 .. fd01::13, clients 10.0.0.2 .. 10.0.0.40. */
test('mh looks at the first word alone of an IPv6 tunnel end behind an IPv4 service', () => {
  const service = new TrialService(mh);
  for (const number of [1, 2, 3]) service.add(1, `fd01::1${number}`);
  const seen = Array.from({ length: 39 }, (_, client) => {
    return service.destinations[service.choose(tcpFlow(`10.0.0.${client + 2}`, 23001))!]!.address.slice(-1);
  });
  assert.equal(
    seen.join(' '),
    '2 2 2 3 3 1 3 1 1 2 2 3 3 2 3 2 3 3 2 1 3 1 3 2 2 3 2 1 2 1 2 2 3 2 3 2 2 2 3',
  );
});

test('mh refuses a service with more destinations than its table has slots', () => {
  assert.throws(
    () => mh.init?.(crowd(TABLE_SIZE + 1)),
    (error: unknown) => error instanceof UipvsError && error.code === 'EINVAL',
  );
});

test('mh with more destinations than slots keeps its table, less those who are deleted', () => {
  const service = crowd(TABLE_SIZE, mh);
  service.add(1);
  service.add(1);
  const before = choices(service);
  assert.equal(before.includes(undefined), false);
  service.remove(service.destinations.findIndex(({ address }) => address === before[0]));
  const after = before.map((owner) => (owner === before[0] ? undefined : owner));
  assert.deepEqual(choices(service), after);
});

/** A service of `count` destinations that were there before the scheduler. */
function crowd(
  count: number,
  scheduler: Scheduler = { name: 'none', schedule: () => undefined },
): TrialService {
  const before = new TrialService({ name: 'none', schedule: () => undefined }, new Array(count).fill(1));
  return new TrialService(scheduler, [], before.destinations);
}
