import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { UipvsError } from '../../src/base/error.js';
import { ProcFiles } from '../../src/metrics/proc-files.js';
import type { MetricsSource } from '../../src/metrics/source.js';
import { cannedSource } from './canned-source.js';
import { ManualClock } from './manual-clock.js';
import {
  CONNECTION_ROWS,
  MORE_SERVICE_LISTINGS,
  rowsOf,
  SERVICE_LISTINGS,
  TOTALS,
} from './recorded-listings.js';
import { CONNECTIONS, MORE_SERVICES, SERVICES, STATS, STATS_PER_PROCESSOR } from './recorded-proc-files.js';

let directory = '';
let clock = new ManualClock();
let failures: UipvsError[] = [];

beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'uipvs-proc-files-'));
  clock = new ManualClock();
  failures = [];
});

afterEach(() => rmSync(directory, { recursive: true }));

function filesOf(source: MetricsSource, root = directory): ProcFiles {
  return new ProcFiles(source, root, { clock, onFailure: (failure) => failures.push(failure) });
}

function read(name: string): string {
  return readFileSync(path.join(directory, 'net', name), 'latin1');
}

/** Which file it is: another number after every replacement. */
function inode(name: string): number {
  return statSync(path.join(directory, 'net', name)).ino;
}

/** Lets time go by until both the tables and the connections have been seen to. */
async function elapse(ms: number): Promise<void> {
  clock.advance(ms);
  await clock.quiet(2);
}

async function using(source: MetricsSource, story: (files: ProcFiles) => Promise<void>): Promise<void> {
  const files = filesOf(source);
  await files.start();
  try {
    await clock.quiet(2);
    await story(files);
  } finally {
    await files.close();
  }
}

describe('the files of /proc/net', () => {
  test('are there after start, ip_vs_conn soon after', async () => {
    await using(cannedSource(), async () => {
      const early = ['ip_vs', 'ip_vs_app', 'ip_vs_stats', 'ip_vs_stats_percpu'];
      assert.deepEqual(readdirSync(path.join(directory, 'net')).sort(), early);
      await elapse(0);
      assert.equal(read('ip_vs'), SERVICES);
      assert.equal(read('ip_vs_stats'), STATS);
      assert.equal(read('ip_vs_stats_percpu'), STATS_PER_PROCESSOR);
      assert.equal(read('ip_vs_conn'), CONNECTIONS);
    });
  });

  test('can be read by all but ip_vs_conn, which tells who connects, whatever the umask', async () => {
    const before = process.umask(0o077);
    try {
      await using(cannedSource(), async () => {
        await elapse(0);
        const modeOf = (name: string): number => statSync(path.join(directory, 'net', name)).mode & 0o777;
        assert.deepEqual(
          ['ip_vs', 'ip_vs_stats', 'ip_vs_conn'].map((name) => modeOf(name).toString(8)),
          ['644', '644', '640'],
        );
      });
    } finally {
      process.umask(before);
    }
  });

  test('follow their source every second', async () => {
    let services = SERVICE_LISTINGS;
    let connections = CONNECTION_ROWS;
    let totals = TOTALS;
    const source = cannedSource({
      services: () => services,
      connectionRows: () => [rowsOf(connections)],
      totals: () => totals,
    });
    await using(source, async () => {
      await elapse(0);
      services = MORE_SERVICE_LISTINGS;
      connections = [];
      totals = { ...TOTALS, counters: { ...TOTALS.counters, connections: 10 } };
      assert.deepEqual(clock.waits, [1000, 1000]);
      await elapse(999);
      assert.equal(read('ip_vs'), SERVICES);
      await elapse(1);
      assert.equal(read('ip_vs'), MORE_SERVICES);
      assert.equal(read('ip_vs_conn'), CONNECTIONS.slice(0, CONNECTIONS.indexOf('\n') + 1));
      assert.match(read('ip_vs_stats'), /^ {7}A /m);
    });
  });

  test('are left alone while nothing changes, except ip_vs_conn', async () => {
    await using(cannedSource(), async () => {
      await elapse(0);
      const names = ['ip_vs', 'ip_vs_stats', 'ip_vs_stats_percpu', 'ip_vs_conn'];
      const before = names.map(inode);
      writeFileSync(path.join(directory, 'keeps-the-inode-number-from-reuse'), '');
      await elapse(1000);
      const after = names.map(inode);
      assert.deepEqual(after.slice(0, 3), before.slice(0, 3));
      assert.notEqual(after[3], before[3]);
    });
  });

  test('are compared by their text, however it is cut into pieces', async () => {
    let services = SERVICE_LISTINGS;
    await using(cannedSource({ services: () => services }), async () => {
      await elapse(0);
      const before = inode('ip_vs');
      services = [...SERVICE_LISTINGS];
      await elapse(1000);
      assert.equal(inode('ip_vs'), before);
      services = MORE_SERVICE_LISTINGS;
      await elapse(1000);
      assert.equal(read('ip_vs'), MORE_SERVICES);
      services = SERVICE_LISTINGS;
      await elapse(1000);
      assert.equal(read('ip_vs'), SERVICES);
    });
  });

  test('are never seen half written', async () => {
    const shape = /^Pro .*\n(?:TCP .*\n){1024}$/;
    const piece = rowsOf(Array.from({ length: 512 }, () => CONNECTION_ROWS[1]!));
    const seen: string[] = [];
    const source = cannedSource({
      connectionRows: function* () {
        yield piece;
        if (existsSync(path.join(directory, 'net/ip_vs_conn'))) seen.push(read('ip_vs_conn'));
        yield piece;
      },
    });
    await using(source, async () => {
      await elapse(0);
      await elapse(1000);
      assert.equal(seen.length, 1);
      assert.match(seen[0]!, shape);
      assert.match(read('ip_vs_conn'), shape);
    });
  });

  test('that a killed daemon left are replaced, also half-written ones', async () => {
    mkdirSync(path.join(directory, 'net'));
    for (const name of ['ip_vs', '.ip_vs.new', '.ip_vs_conn.new', 'ip_vs_conn', 'other']) {
      writeFileSync(path.join(directory, 'net', name), 'old');
    }
    await using(cannedSource(), async () => {
      assert.equal(existsSync(path.join(directory, 'net/ip_vs_conn')), false);
      await elapse(0);
      assert.equal(read('ip_vs'), SERVICES);
      assert.equal(read('ip_vs_conn'), CONNECTIONS);
    });
    assert.deepEqual(readdirSync(path.join(directory, 'net')), ['other']);
  });

  test('go on close, with the directories that had to be made; closing twice is once', async () => {
    const root = path.join(directory, 'a/b');
    const files = filesOf(cannedSource(), root);
    await files.start();
    assert.ok(existsSync(path.join(root, 'net/ip_vs')));
    await files.close();
    await files.close();
    assert.deepEqual(readdirSync(directory), []);
  });

  test('are of one daemon alone, which the second is told in a sentence', async () => {
    await using(cannedSource(), async () => {
      await elapse(0);
      await assert.rejects(filesOf(cannedSource()).start(), {
        name: 'UipvsError',
        code: 'EADDRINUSE',
        message: `directory ${directory} is in use by another uipvsd, process ${process.pid}: choose another --proc-dir`,
      });
      assert.equal(read('ip_vs'), SERVICES);
      assert.equal(read('ip_vs_conn'), CONNECTIONS);
    });
    assert.deepEqual(readdirSync(directory), []);
  });

  for (const left of ['{"pid":1,"startTicks":"never"}', 'garbage', '']) {
    test(`are taken over from a dead daemon that left ${left || 'an empty claim'}`, async () => {
      writeFileSync(path.join(directory, '.uipvsd'), left);
      await using(cannedSource(), async () => assert.equal(read('ip_vs'), SERVICES));
    });
  }

  test('stay out of a directory that cannot be made', async () => {
    writeFileSync(path.join(directory, 'file'), '');
    const root = path.join(directory, 'file');
    await assert.rejects(filesOf(cannedSource(), root).start(), {
      name: 'UipvsError',
      code: 'EACCES',
      message: new RegExp(`^directory ${root}/net cannot be made: ENOTDIR`),
    });
  });

  test('report what cannot be written once, and are written again when it can', async () => {
    let isBroken = false;
    const source = cannedSource({
      connectionRows: () => {
        if (isBroken) throw new Error('the table is gone');
        return [rowsOf(CONNECTION_ROWS)];
      },
    });
    await using(source, async () => {
      isBroken = true;
      for (let pass = 0; pass < 3; pass += 1) await elapse(1000);
      assert.deepEqual(
        failures.map(({ message }) => message),
        ['the table is gone'],
      );
      assert.equal(existsSync(path.join(directory, 'net/.ip_vs_conn.new')), false);
      isBroken = false;
      await elapse(1000);
      assert.equal(read('ip_vs_conn'), CONNECTIONS);
      isBroken = true;
      await elapse(1000);
      assert.equal(failures.length, 2);
      assert.equal(read('ip_vs_conn'), CONNECTIONS);
    });
  });

  test('report a directory that has gone', async () => {
    await using(cannedSource(), async () => {
      await elapse(0);
      chmodSync(directory, 0o700);
      rmSync(path.join(directory, 'net'), { recursive: true });
      await elapse(1000);
      assert.match(failures[0]?.message ?? '', /^file .*\/net\/ip_vs_conn cannot be written: ENOENT/);
    });
  });
});
