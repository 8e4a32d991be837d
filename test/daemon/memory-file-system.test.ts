import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { defaultStateDirectory, isInMemory } from '../../src/daemon/memory-file-system.js';

describe('the state directory', () => {
  it('is beside the socket where that is in memory', () => {
    assert.equal(
      defaultStateDirectory('/run/uipvs/uipvsd.sock', () => true),
      '/run/uipvs/state',
    );
  });

  it('is in shared memory where the socket is on a disk, one for each directory', () => {
    const inShm = (path: string): boolean => path.startsWith('/dev/shm');
    const one = defaultStateDirectory('/var/a/uipvsd.sock', inShm);
    assert.match(one, /^\/dev\/shm\/uipvs-[0-9a-f]{16}$/);
    assert.equal(defaultStateDirectory('/var/a/other.sock', inShm), one);
    assert.notEqual(defaultStateDirectory('/var/b/uipvsd.sock', inShm), one);
  });

  it('is beside the socket where there is no shared memory', () => {
    assert.equal(
      defaultStateDirectory('/var/a/uipvsd.sock', () => false),
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
