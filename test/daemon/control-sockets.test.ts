import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { pino } from 'pino';
import { UipvsError } from '../../src/base/error.js';
import { logChange, RefusalLog } from '../../src/daemon/control-sockets.js';
import { tcpKey } from '../ipvs/specs.js';

const WHO = { pid: 77, uid: 1000, gid: 1001, groups: [1002] };

/** A log and the lines that it got, without what pino adds. */
function written(level: string) {
  const lines: Record<string, unknown>[] = [];
  const to = new Writable({
    write(line: Buffer, _encoding, done) {
      const { time: _time, hostname: _hostname, pid: _pid, ...rest } = JSON.parse(line.toString());
      lines.push({ ...rest });
      done();
    },
  });
  return { lines, log: pino({ level }, to) };
}

test('a change is logged with its operation, user and process', () => {
  const { lines, log } = written('debug');
  logChange(log, { op: 'delete-service', key: tcpKey(80) }, WHO);
  assert.deepEqual(lines, [
    { level: 20, op: 'delete-service', by: { uid: 1000, pid: 77 }, msg: 'change asked for' },
  ]);
});

test('of a sequence its changes are counted by their operations', () => {
  const { lines, log } = written('debug');
  const requests = [{ op: 'flush' }, { op: 'flush' }, new UipvsError('EINVAL', 'no change')] as const;
  logChange(log, { op: 'sequence', requests }, WHO);
  assert.deepEqual(lines[0]?.changes, { flush: 2, 'not understood': 1 });
});

test('no change is logged at level info', () => {
  const { lines, log } = written('info');
  logChange(log, { op: 'flush' }, WHO);
  assert.deepEqual(lines, []);
});

test('of refused clients one a second is logged, and how many there were beside it', () => {
  const { lines, log } = written('debug');
  let nowMs = 0;
  const refusals = new RefusalLog(log, () => nowMs);
  for (nowMs of [0, 10, 999, 1000, 1500]) refusals.note('/run/s', nowMs === 1000 ? null : WHO);
  const msg = 'refused a client that may not use the socket /run/s';
  assert.deepEqual(lines, [
    { level: 40, by: { uid: 1000, gid: 1001, pid: 77 }, msg },
    { level: 40, by: null, othersBefore: 2, msg },
  ]);
});
