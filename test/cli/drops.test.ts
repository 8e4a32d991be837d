import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CannedDaemon, ok, refused } from './canned-daemon.js';
import { runMain } from './run-main.js';

const COUNTERS = {
  received_packets: 123_456_789,
  transmitted_packets: 5,
  translated_packets: 1000,
  passed_packets: 0,
  answered_packets: 3,
  upcalls: 7,
  refused_tuple_conflict: 0,
  refused_masquerade_ports: 2,
  drop_malformed_ip_header_length: 2,
  drop_fragment: 0,
  drop_table_full: 1_234_567_890,
  drop_unplaced: 1,
  receive_errors: 9,
};

async function drops(words: string, counters: Readonly<Record<string, number>> = COUNTERS) {
  const daemon = await CannedDaemon.start((request) =>
    request.op === 'drops' ? ok(counters) : refused('EIO'),
  );
  try {
    return await runMain(words.split(' '), { socketPath: daemon.socketPath });
  } finally {
    await daemon.stop();
  }
}

describe('--drops prints packets by verdict, refusals and drops by reason', () => {
  it('as --stats prints figures, without the reasons that had no packet', async () => {
    const out = `Verdict                            Packets
  -> Reason
received                           123456K
translated                            1000
passed                                   0
answered                                 3
  -> refused_masquerade_ports            2
dropped                              1234M
  -> malformed_ip_header_length          2
  -> table_full                      1234M
  -> unplaced                            1
`;
    assert.deepEqual(await drops('--drops'), { exitCode: 0, out, err: '' });
  });
  it('with the errors of schedulers below, where there are any', async () => {
    const { out } = await drops('--drops', { received_packets: 7, scheduler_errors: 12_345 });
    assert.ok(
      out.endsWith(
        'dropped                                  0\nscheduler errors                     12345\n',
      ),
      out,
    );
    assert.doesNotMatch((await drops('--drops -X', { scheduler_errors: 0 })).out, /scheduler/);
  });
  it('in full with --exact', async () => {
    const out = `Verdict                            Packets
  -> Reason
received                          123456789
translated                            1000
passed                                   0
answered                                 3
  -> refused_tuple_conflict              0
  -> refused_masquerade_ports            2
dropped                           1234567893
  -> malformed_ip_header_length          2
  -> fragment                            0
  -> table_full                   1234567890
  -> unplaced                            1
`;
    for (const words of ['--drops --exact', '--drops -X']) assert.equal((await drops(words)).out, out);
  });
  it('where there was no packet yet', async () => {
    const { out } = await drops('--drops', { received_packets: 0, drop_fragment: 0 });
    assert.equal(out.split('\n').length, 8);
    assert.ok(out.endsWith('dropped                                  0\n'));
  });
});

describe('--drops is refused', () => {
  const table: readonly (readonly [words: string, exitCode: number, err: string])[] = [
    ['--drops -n', 2, "Illegal 'numeric' option with the 'drops' command\n"],
    ['--drops x', 2, 'unexpected argument x\n'],
    ['--drops=x', 255, "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n"],
    ['-L --drops', 2, "invalid option `--drops'\n"],
  ];
  for (const [words, exitCode, err] of table) {
    it(words, async () => assert.deepEqual(await drops(words), { exitCode, out: '', err }));
  }
  it('by a daemon that does not have it', async () => {
    const daemon = await CannedDaemon.start(() => refused('EINVAL', 'Expected an operation for op'));
    try {
      const result = await runMain(['--drops'], { socketPath: daemon.socketPath });
      assert.deepEqual(result, { exitCode: 1, out: '', err: 'Expected an operation for op\n' });
    } finally {
      await daemon.stop();
    }
  });
});
