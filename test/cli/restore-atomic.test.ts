import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { Conversation } from '../../src/cli/conversation.js';
import { restoreAtomically } from '../../src/cli/restore-atomic.js';
import { type Answerer, CannedDaemon, refused } from './canned-daemon.js';
import { fixedResolver, fixedServices, runMain } from './run-main.js';
import { Table } from './table-answerer.js';

const BEFORE = '-A -t 10.9.0.9:80 -s rr\n';

/** What `-R --atomic` of `input` ends with on a table of one service, and what -Sn saves afterwards. */
async function restore(input: string, answer = new Table().answer) {
  const daemon = await CannedDaemon.start(answer);
  const { socketPath } = daemon;
  try {
    await runMain(['-R'], { socketPath, input: BEFORE });
    daemon.requests.length = 0;
    const result = await runMain(['-R', '--atomic'], { socketPath, input });
    const batches = daemon.requests.length;
    const saved = (await runMain(['-Sn'], { socketPath })).out;
    return { ...result, batches, saved };
  } finally {
    await daemon.stop();
  }
}

describe('-R --atomic', () => {
  it('makes all lines in one batch, and -C in front replaces the table', async () => {
    const lines = [
      '# a comment',
      '-C',
      '',
      'ipvsadm -A -t 10.9.0.1:80 -s wrr -p 60 -M 255.0.255.0',
      '-a -t 10.9.0.1:80 -r 10.1.0.11:80 -i -w 2 --tun-type gre --tun-csum',
      '-a -t 10.9.0.1:80 -r 10.1.0.12:8080 -m -x 5 -y 2',
      '-e -t 10.9.0.1:80 -r 10.1.0.12:8080 -m -w 7 -x 6',
      '-A -f 7 -s rr',
      '-E -f 7 -s lc',
      '-A -f 8',
      '-D -f 8',
    ];
    const { saved, ...result } = await restore(`${lines.join('\n')}\n`);
    assert.deepEqual(result, { exitCode: 0, out: '', err: '', batches: 1 });
    assert.equal(
      saved,
      `-A -t 10.9.0.1:80 -s wrr -p 60 -M 255.0.255.0
-a -t 10.9.0.1:80 -r 10.1.0.11:80 -i -w 2 --tun-type gre --tun-csum
-a -t 10.9.0.1:80 -r 10.1.0.12:8080 -m -w 7 -x 6
-A -f 7 -s lc
`,
    );
  });
  it('does nothing, not even connect, where there is no line', async () => {
    const result = await runMain(['--restore', '--atomic'], { input: '\n# nothing\n' });
    assert.deepEqual(result, { exitCode: 0, out: '', err: '' });
  });

  const notAChange = '-R --atomic takes only lines that change services or destinations';
  const refusals: readonly (readonly [line: string, exitCode: number, message: string, batches: number])[] = [
    ['-D -f 1', 255, 'No such service', 1],
    ['-A -t 10.9.0.9:80', 255, 'Service already exists', 1],
    ['-A -t 10.9.0.8:80 -s none', 255, 'Scheduler or persistence engine not found', 1],
    ['-a -t 10.9.0.8:80 -r 10.1.0.1 -m', 255, 'Service not defined', 1],
    ['-d -t 10.9.0.9:80 -r 10.1.0.1', 255, 'No such destination', 1],
    ['-a -t 10.9.0.9:80 -r 10.1.0.1 -m -y 3', 255, 'Numerical result out of range', 1],
    ['-A -t 10.9.0.8', 2, 'Zero port specified for non-persistent service', 0],
    ['-A -f 1 --bogus', 255, '--bogus: unknown option', 0],
    ['-A -f 1 --socket x', 255, '--socket: unknown option', 0],
    ['nonsense', 255, "Try `ipvsadm -h' or 'ipvsadm --help' for more information.", 0],
    ['-R', 255, "Try `ipvsadm -h' or 'ipvsadm --help' for more information.", 0],
    ['-L -n', 2, notAChange, 0],
    ['-S', 2, notAChange, 0],
    ['-Z', 2, notAChange, 0],
    ['-h', 2, notAChange, 0],
    ['--set 1 2 3', 2, notAChange, 0],
    ['--stop-daemon master', 2, notAChange, 0],
  ];
  for (const [line, exitCode, message, batches] of refusals) {
    it(`changes nothing and names the line where it meets ${line}`, async () => {
      const err = `${message}\nLine 4 is refused: ${line}\nNothing was changed\n`;
      assert.deepEqual(await restore(`-A -f 70\n# ours\n-D -f 70\n${line}\n-A -f 71\n`), {
        exitCode,
        out: '',
        err,
        batches,
        saved: BEFORE,
      });
    });
  }

  it("tells ipvsadm's words for the line where the daemon has words of its own too", async () => {
    const answer: Answerer = () => [{ ok: false, errno: 'ESRCH', message: 'no mark 1', index: 1 }];
    const { err } = await restore('-A -f 2\n-a -f 1 -r 10.1.0.1\n', answer);
    assert.equal(err, 'Service not defined\nLine 2 is refused: -a -f 1 -r 10.1.0.1\nNothing was changed\n');
  });
  it("tells a refusal in the daemon's own words, and without a line where it names none", async () => {
    const result = await restore('-C\n', () => refused('EIO', 'the engine is gone'));
    assert.deepEqual([result.exitCode, result.err], [255, 'the engine is gone\nNothing was changed\n']);
  });
  it('refuses, without a request, more than the daemon takes at once', async () => {
    let err = '';
    const output = {
      out: () => assert.fail('printed'),
      err: (text: string) => {
        err += text;
      },
    };
    const surroundings = { program: 'ipvsadm', output, services: fixedServices(), resolver: fixedResolver };
    const conversation = new Conversation(surroundings, '/nonexistent');
    const exitCode = await restoreAtomically(Readable.from(['-C\n-C\n']), conversation, 56);
    assert.equal(exitCode, 255);
    const size = '{"op":"batch","requests":[{"op":"flush"},{"op":"flush"}]}'.length;
    assert.equal(size, 57);
    const limit = 'uipvsd takes at most 56 bytes at once, not the 57 of these lines';
    assert.equal(err, `${limit}\nNothing was changed\n`);
  });
  it('belongs to -R alone, which stands in front', async () => {
    const table: readonly (readonly [words: string, exitCode: number, err: string])[] = [
      ['--atomic -R', 255, "Try `ipvsadm -h' or 'ipvsadm --help' for more information.\n"],
      ['-L --atomic', 2, "Illegal 'atomic' option with the 'list' command\n"],
      ['-C --atomic', 2, "Illegal 'atomic' option with the 'flush' command\n"],
      ['-R --atomic --atomic', 2, "multiple 'atomic' options specified\n"],
      ['-R --atomic -n', 2, "Illegal 'numeric' option with the 'restore' command\n"],
    ];
    for (const [words, exitCode, err] of table) {
      assert.deepEqual(await runMain(words.split(' ')), { exitCode, out: '', err });
    }
  });
});
