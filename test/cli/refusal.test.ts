import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ErrorCode } from '../../src/base/error.js';
import { CannedDaemon, refused } from './canned-daemon.js';
import { runMain } from './run-main.js';

const SERVER = '-t 10.9.0.1:80 -r 10.1.0.11:80';

/** Source: ipvsadm 1.31 on a Linux kernel with IPVS, but for ENOTSUP and ENOMEM. */
const TABLE: readonly (readonly [words: string, errno: ErrorCode, exitCode: number, err: string])[] = [
  ['-A -t 10.9.0.1:80', 'EEXIST', 255, 'Service already exists'],
  ['-A -t 10.9.0.1:80', 'ENOENT', 255, 'Scheduler or persistence engine not found'],
  ['-E -t 10.9.0.1:80', 'ESRCH', 255, 'No such service'],
  ['-E -t 10.9.0.1:80', 'ENOENT', 255, 'Scheduler or persistence engine not found'],
  ['-D -t 10.9.0.1:80', 'ESRCH', 255, 'No such service'],
  ['-Z -t 10.9.0.1:80', 'ESRCH', 255, 'No such service'],
  ['-L -t 10.9.0.1:80', 'ESRCH', 1, 'No such service'],
  [`-a ${SERVER} -m`, 'ESRCH', 255, 'Service not defined'],
  [`-a ${SERVER} -m`, 'EEXIST', 255, 'Destination already exists'],
  [`-a ${SERVER} -m`, 'ERANGE', 255, 'Numerical result out of range'],
  [
    `-a ${SERVER} -m`,
    'EINVAL',
    255,
    'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  ],
  [`-e ${SERVER} -m`, 'ESRCH', 255, 'Service not defined'],
  [`-e ${SERVER} -m`, 'ENOENT', 255, 'No such destination'],
  [`-d ${SERVER}`, 'ESRCH', 255, 'Service not defined'],
  [`-d ${SERVER}`, 'ENOENT', 255, 'No such destination'],
  ['--stop-daemon master', 'ESRCH', 255, 'No daemon is running'],
  ['-C', 'EPERM', 255, 'Permission denied (you must be root)'],
  ['-A -f 1', 'ENOMEM', 255, 'Memory allocation problem'],
  ['-A -f 1', 'ENOTSUP', 255, 'Operation not supported'],
];

describe('a refusal by the daemon is told in the words of ipvsadm', () => {
  for (const [words, errno, exitCode, err] of TABLE) {
    it(`${words}: ${errno}`, async () => {
      const daemon = await CannedDaemon.start(() => refused(errno));
      try {
        const result = await runMain(words.split(' '), { socketPath: daemon.socketPath });
        assert.deepEqual(result, { exitCode, out: '', err: `${err}\n` });
      } finally {
        await daemon.stop();
      }
    });
  }
  it("EPERM in ipvsadm's words, whatever the daemon says", async () => {
    const daemon = await CannedDaemon.start(() => refused('EPERM', "'flush' is refused"));
    try {
      const result = await runMain(['-C'], { socketPath: daemon.socketPath });
      assert.deepEqual(result, { exitCode: 255, out: '', err: 'Permission denied (you must be root)\n' });
    } finally {
      await daemon.stop();
    }
  });
  it("in the daemon's own words where it has any", async () => {
    const daemon = await CannedDaemon.start(() => refused('ENOTSUP', 'uipvs has no SCTP yet'));
    try {
      const result = await runMain(['-A', '-f', '1'], { socketPath: daemon.socketPath });
      assert.deepEqual(result, { exitCode: 255, out: '', err: 'uipvs has no SCTP yet\n' });
    } finally {
      await daemon.stop();
    }
  });
});
