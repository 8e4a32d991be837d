import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeLblcr } from '../../src/scheduling/lblcr.js';
import { TrialEnvironment } from './environment.js';
import { TrialService } from './trial-service.js';

const EXPIRATION_MS = 86_400_000;

/** A service whose destinations A, B, ... (in order of their addition) are all in the set of the one address. */
function setUp(count: number) {
  const environment = new TrialEnvironment();
  const service = new TrialService(makeLblcr(environment));
  const members = Array.from({ length: count }, () => {
    const member = service.add(100);
    for (const { address } of service.destinations) {
      if (address !== member.address) service.edit(indexOf(address), 0);
    }
    service.choose();
    return member;
  });
  for (const { address } of members) service.edit(indexOf(address), 100);
  // Half the time later the address is called once more, or it would itself be forgotten.
  environment.now = EXPIRATION_MS / 2;
  service.choose();

  function indexOf(address: string): number {
    return service.destinations.findIndex((destination) => destination.address === address);
  }

  /** The letter of the one chosen while the members have these active connections. */
  function chosen(...active: number[]): string {
    for (const [index, connections] of active.entries()) members[index]!.activeConnections = connections;
    const address = service.destinations[service.choose()!]!.address;
    return 'ABCDEF'[members.findIndex((member) => member.address === address)] ?? 'none of the set';
  }

  return { environment, service, members, indexOf, chosen };
}

test('lblcr drops the most loaded member once the time is over, not when it is just reached', () => {
  const { environment, chosen } = setUp(2);
  environment.now = EXPIRATION_MS;
  assert.equal(chosen(5, 9), 'A');
  assert.equal(chosen(50, 9), 'B', 'nobody was dropped');
  environment.now = EXPIRATION_MS + 1;
  assert.equal(chosen(50, 9), 'B', 'A is dropped');
  assert.equal(chosen(0, 9), 'B');
});

test('lblcr chooses the least loaded member before it drops one', () => {
  const { environment, service, indexOf, members, chosen } = setUp(2);
  service.edit(indexOf(members[1]!.address), 0);
  environment.now = EXPIRATION_MS + 1;
  assert.equal(chosen(5, 0), 'A', 'and A is dropped, for it is the only one with a weight');
  service.edit(indexOf(members[1]!.address), 100);
  assert.equal(chosen(5, 50), 'B');
});

test('lblcr never drops the only member', () => {
  const { environment, service, chosen } = setUp(1);
  service.add(100);
  environment.now = EXPIRATION_MS + 1;
  assert.equal(chosen(5), 'A');
  assert.equal(chosen(5), 'A');
});

test('lblcr takes a deleted member for one without connections when it drops the most loaded', () => {
  const { environment, service, indexOf, members, chosen } = setUp(3);
  members[2]!.activeConnections = 99;
  service.remove(indexOf(members[2]!.address));
  environment.now = EXPIRATION_MS + 1;
  assert.equal(chosen(5, 9), 'A', 'and B is dropped');
  assert.equal(chosen(50, 0), 'A');
  service.addAgain(members[2]!);
  assert.equal(chosen(50, 0, 9), 'C', 'the deleted member is in the set still');
});
