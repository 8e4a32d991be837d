import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { describe, it } from 'node:test';
import { helpText } from '../../src/cli/help.js';
import { main } from '../../src/cli/main.js';
import { MAX_SHORT_REQUEST_BYTES } from '../../src/control/protocol.js';
import { until } from '../lab/poll.js';
import { type Answerer, CannedDaemon, ok, refused } from './canned-daemon.js';
import { RECORDED_RESTORES } from './recorded-restores.js';
import { RECORDED_RESTORES_OF_LINES } from './recorded-restores-of-lines.js';
import { fixedResolver, fixedServices, runMain } from './run-main.js';
import { Table } from './table-answerer.js';

describe('-R ends as ipvsadm ends and leaves the table that ipvsadm leaves', () => {
  for (const recorded of [...RECORDED_RESTORES, ...RECORDED_RESTORES_OF_LINES]) {
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
    const { requests, sizes, connections } = daemon;
    return { ...result, requests, sizes, connections };
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
  it('sends changes that have come together in few requests, and others by themselves between them', async () => {
    const lines = Array.from({ length: 1000 }, (_, index) => `-D -f ${index + 1}`);
    lines[700] = '-Z';
    const { sizes, requests } = await restore(`${lines.join('\n')}\n`);
    assert.deepEqual(sizes, [512, 188, 1, 299]);
    assert.deepEqual(requests[700], { op: 'zero' });
  });
  it('keeps a request well below what the daemon takes of one, however long lines are', async () => {
    const exceptions = Array.from(
      { length: 8 },
      (_, index) => `fd00:${'1111:'.repeat(6)}${index}/128`,
    ).join();
    const line = `-A -t [fd00:1111:1111:1111:1111:1111:1111:1111]:80 --masquerade except ${exceptions}`;
    const { sizes, requests, err } = await restore(`${line}\n`.repeat(1000));
    assert.equal(err, '');
    assert.equal(requests.length, 1000);
    const bytes = JSON.stringify(requests[0]).length;
    for (const size of sizes)
      assert.ok(size * bytes < MAX_SHORT_REQUEST_BYTES / 2, `${size} of ${bytes} bytes`);
  });
  it('waits for no further line where input comes slowly', async () => {
    const daemon = await CannedDaemon.start((request) =>
      request.op === 'flush' ? refused('EIO', 'no flush') : ok(),
    );
    const input = new PassThrough();
    let err = '';
    const running = main({
      words: ['-R'],
      program: 'ipvsadm',
      socketVariable: daemon.socketPath,
      services: fixedServices(),
      resolver: fixedResolver,
      openInput: () => input,
      output: {
        out: () => {},
        err: (text) => {
          err += text;
        },
      },
    });
    try {
      for (const [text, expected] of [
        ['-C\n-C\n-D -f', [2]],
        [' 1\n-D -f 2\n-D -f 3\n-C\n', [2, 4]],
      ] as const) {
        input.write(text);
        await until(
          'the requests of the lines that have come',
          5000,
          () => daemon.sizes.length === expected.length,
        );
        assert.deepEqual(daemon.sizes, expected);
        await until('their refusals', 5000, () => err.split('\n').length === expected.length + 2);
      }
      input.end('-D -f 4');
      assert.equal(await running, 0);
      assert.deepEqual(daemon.sizes, [2, 4, 1]);
      assert.equal(err, 'no flush\n'.repeat(3));
    } finally {
      input.destroy();
      await daemon.stop();
    }
  });
  it("ends with the last line's exit code, in whichever request it was", async () => {
    const answer: Answerer = (request) => (request.op === 'flush' ? refused('EIO') : ok());
    for (const [input, exitCode] of [
      ['-C\n-D -f 1\n', 0],
      ['-D -f 1\n-C\n', 255],
      ['-C\n-Z\n', 0],
      ['-Z\n-C\n', 255],
    ] as const)
      assert.equal((await restore(input, answer)).exitCode, exitCode, input);
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
