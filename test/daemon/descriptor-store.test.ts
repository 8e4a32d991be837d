import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { DescriptorStore, passedDescriptors } from '../../src/daemon/descriptor-store.js';
import { makeLogger } from '../../src/daemon/logger.js';

const PID = 100;
const PATH = '/run/notify';
const PASSED = { LISTEN_PID: '100', LISTEN_FDS: '3', LISTEN_FDNAMES: 'uipvs0:other:uipvs0' };

describe('descriptors that the daemon was started with', () => {
  it('have numbers from 3 on, and names', () => {
    assert.deepEqual(passedDescriptors(PASSED, PID), [
      [3, 'uipvs0'],
      [4, 'other'],
      [5, 'uipvs0'],
    ]);
  });

  for (const [what, environment] of [
    ['are none without the variables', {}],
    ['are those of another process', { ...PASSED, LISTEN_PID: '101' }],
    ['are none where their number is no number', { ...PASSED, LISTEN_FDS: 'many' }],
    ['are none where their number is negative', { ...PASSED, LISTEN_FDS: '-1' }],
    ['are none where there are more than a process has', { ...PASSED, LISTEN_FDS: '1e9' }],
  ] as const) {
    it(what, () => assert.deepEqual(passedDescriptors(environment, PID), []));
  }
});

describe('the store of descriptors', () => {
  let sent: [string, string, readonly number[]][];
  const log = makeLogger('silent');
  const store = (environment: Record<string, string>) =>
    new DescriptorStore({ sendNotice: (...words) => void sent.push(words) }, environment, PID, log);
  beforeEach(() => {
    sent = [];
  });

  it('is told of each device once, and when nothing is kept of it any more', () => {
    const one = store({ NOTIFY_SOCKET: PATH });
    one.keep('uipvs0', [20, 21]);
    one.keep('uipvs0', [20, 21]);
    one.giveUp('uipvs0');
    one.giveUp('uipvs0');
    assert.deepEqual(sent, [
      [PATH, 'FDSTORE=1\nFDNAME=uipvs0', [20, 21]],
      [PATH, 'FDSTOREREMOVE=1\nFDNAME=uipvs0', []],
    ]);
  });

  it('gives a device those of its name, once, and is not told what it has', () => {
    const one = store({ ...PASSED, NOTIFY_SOCKET: PATH });
    assert.deepEqual(one.take('uipvs0'), [3, 5]);
    assert.deepEqual(one.take('uipvs0'), []);
    assert.deepEqual(one.take('uipvs1'), []);
    one.keep('uipvs0', [3, 5]);
    assert.deepEqual(sent, []);
  });

  it('forgets descriptors that are not in use before it is told of those that are', () => {
    const one = store({ ...PASSED, NOTIFY_SOCKET: PATH });
    one.take('uipvs0');
    one.keep('uipvs0', [3]);
    assert.deepEqual(sent, [
      [PATH, 'FDSTOREREMOVE=1\nFDNAME=uipvs0', []],
      [PATH, 'FDSTORE=1\nFDNAME=uipvs0', [3]],
    ]);
  });

  it('is not there without a service manager', () => {
    const one = store({});
    one.keep('uipvs0', [20]);
    one.giveUp('uipvs0');
    assert.deepEqual(sent, []);
  });

  it('that cannot be told keeps no daemon from starting', () => {
    const fail = (): never => {
      throw new Error('ENOENT');
    };
    const one = new DescriptorStore({ sendNotice: fail }, { NOTIFY_SOCKET: PATH }, PID, log);
    assert.doesNotThrow(() => one.keep('uipvs0', [20]));
  });
});
