import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { helpText } from '../../src/cli/help.js';
import { type Answerer, CannedDaemon, ok, refused } from './canned-daemon.js';
import { RECORDED_RESTORES } from './recorded-restores.js';
import { runMain } from './run-main.js';
import { Table } from './table-answerer.js';

describe('-R ends as ipvsadm ends and leaves the table that ipvsadm leaves', () => {
  for (const recorded of RECORDED_RESTORES) {
    it(JSON.stringify(recorded.input), async () => {
      const daemon = await CannedDaemon.start(new Table().answer);
      try {
        const { socketPath } = daemon;
        const { exitCode, out, err } = await runMain(['-R'], { socketPath, input: recorded.input });
        const expected = recorded.out === 'HELP' ? helpText('ipvsadm') : recorded.out;
        assert.deepEqual(
          { exitCode, out, err },
          { exitCode: recorded.exitCode, out: expected, err: recorded.err },
        );
        assert.equal((await runMain(['-Sn'], { socketPath })).out, recorded.saved);
      } finally {
        await daemon.stop();
      }
    });
  }
});

async function restore(input: string, answer: Answerer = () => ok()) {
  const daemon = await CannedDaemon.start(answer);
  try {
    const result = await runMain(['-R'], { socketPath: daemon.socketPath, input });
    return { ...result, requests: daemon.requests, connections: daemon.connections };
  } finally {
    await daemon.stop();
  }
}

describe('-R of uipvsadm', () => {
  it('skips comment lines and drops its own name', async () => {
    const { exitCode, err, requests } = await restore('# saved\n  # indented\nuipvsadm -C\nipvsadm -Z\n');
    assert.deepEqual([exitCode, err, requests], [0, '', [{ op: 'flush' }, { op: 'zero' }]]);
  });
  it('sends a thousand lines over one connection, in order', async () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `-D -f ${index + 1}`);
    const { requests, connections } = await restore(`${lines.join('\n')}\n`);
    assert.equal(connections, 1);
    assert.deepEqual(
      requests.map((request) =>
        request.op === 'delete-service' && request.key.kind === 'fwmark' ? request.key.mark : 0,
      ),
      lines.map((_, index) => index + 1),
    );
  });
  it('prints refusals in the order of the lines and goes on', async () => {
    const { exitCode, err } = await restore('-D -f 1\n-D -f 2\n-D -f 3\n', (request) => {
      assert.equal(request.op, 'delete-service');
      const mark = request.key.kind === 'fwmark' ? request.key.mark : 0;
      return mark === 3 ? ok() : refused('EINVAL', `no ${mark}`);
    });
    assert.deepEqual([exitCode, err], [0, 'no 1\nno 2\n']);
  });
  it('sends nothing of the lines behind one that ends it', async () => {
    const { exitCode, err, requests } = await restore('-D -f 1\n-A -t bad\n-D -f 2\n', () =>
      refused('ESRCH'),
    );
    assert.equal(exitCode, 2);
    assert.equal(err, 'No such service\nillegal virtual server address[:port] specified\n');
    assert.equal(requests.length, 1);
  });
  it('refuses --start-daemon and goes on', async () => {
    const { exitCode, err, requests } = await restore('--start-daemon master\n-C\n');
    const text = 'uipvs has no connection synchronisation: --start-daemon master is not supported\n';
    assert.deepEqual([exitCode, err, requests], [0, text, [{ op: 'flush' }]]);
  });
  it('knows none of our own options inside of lines, which ipvsadm reads too', async () => {
    const { exitCode, err } = await restore('-C --socket /tmp/x\n');
    assert.deepEqual([exitCode, err], [255, '--socket: unknown option\n']);
    const tryHelp = "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n";
    for (const line of ['--sysctl\n', '--uipvs-help\n']) {
      const result = await restore(line);
      assert.deepEqual([result.exitCode, result.err], [255, tryHelp]);
    }
  });
  it('says so and ends with 2 where the daemon is not there', async () => {
    const result = await runMain(['-R'], { input: '-C\n-C\n', socketPath: '/nonexistent/sock' });
    const err =
      "Can't initialize ipvs: There is no socket '/nonexistent/sock'\nAre you sure that uipvsd is running?\n";
    assert.deepEqual(result, { exitCode: 2, out: '', err });
  });
});
