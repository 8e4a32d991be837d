import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultStateDirectory, isInMemory } from '../../src/daemon/memory-file-system.js';

describe('the state directory', () => {
  it('is beside the socket where that is in memory', () => {
    assert.equal(
      defaultStateDirectory('/run/uipvs/uipvsd.sock', () => true, '/dev/shm'),
      '/run/uipvs/state',
    );
  });

  it('is in shared memory where the socket is on a disk, one for each directory', () => {
    const placeOf = (socket: string): string => defaultStateDirectory(socket, () => false, '/dev/shm');
    const one = placeOf('/var/a/uipvsd.sock');
    assert.match(one, /^\/dev\/shm\/uipvs-[0-9a-f]{16}$/);
    assert.equal(placeOf('/var/a/other.sock'), one);
    assert.notEqual(placeOf('/var/b/uipvsd.sock'), one);
  });

  it('is beside the socket where there is no shared memory', () => {
    assert.equal(
      defaultStateDirectory('/var/a/uipvsd.sock', () => false, null),
      '/var/a/state',
    );
  });
});

describe('a place', () => {
  it('that is not there is where the directory above it is', () => {
    assert.equal(isInMemory('/proc/no/such/place'), false);
    assert.equal(isInMemory('/dev/shm/no/such/place'), isInMemory('/dev/shm'));
  });
});
