/**
 * Schedulers of a user's own, good and bad: trouble in JavaScript stays in JavaScript. Whatever they do, established
 * connections go on, other services work, and where they fail wlc chooses.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { until } from '../lab/poll.js';
import { VIP } from '../lab/topology.js';
import { assertUnharmed, RunningExchange } from './support/exchange.js';
import type { Connection, Peer } from './support/peer.js';
import { endpoint, Scene } from './support/scene.js';
import { documentedExample, SchedulerFiles } from './support/scheduler-files.js';

const DAEMON = fileURLToPath(new URL('../../src/bin/uipvsd.js', import.meta.url));
const METRICS = '127.0.0.1:9109';
/** A file that is there tells the scheduler `loops` to loop for as long. */
const LOOP_MS = 3000;
/** Far more than a round trip takes on a busy machine, far less than LOOP_MS. */
const SOON_MS = 1500;

const SOURCES: Readonly<Record<string, string>> = {
  canary: documentedExample(),
  throws: 'export default { schedule() { throw new Error("out of order"); } };',
  rejects: 'export default { schedule: async () => { throw new Error("too late"); } };',
  refuses: 'export default { init() { throw new Error("no database"); }, schedule: () => undefined };',
  spoils: 'export default { schedule: ({ destinations }) => destinations.reverse()[0] };',
  loops: `
    import { existsSync, unlinkSync } from 'node:fs';
    const order = new URL('./loop-now', import.meta.url);
    export default {
      schedule({ destinations }) {
        if (existsSync(order)) {
          unlinkSync(order);
          for (const endsAt = Date.now() + ${LOOP_MS}; Date.now() < endsAt; );
        }
        return destinations.at(-1);
      },
    };`,
};

describe("a user's own scheduler", () => {
  let files: SchedulerFiles;
  let scene: Scene;
  let client: Peer;
  let nextPort = 8000;

  before(async () => {
    files = new SchedulerFiles(SOURCES);
    scene = await Scene.open({ uipvs: { args: [...files.args, '--metrics', METRICS] } });
    client = await scene.peer();
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
  });
  after(() => {
    scene?.close();
    files.remove();
  });

  /** Who answers so many clients of a new service with that scheduler. */
  async function answers(scheduler: string, count: number): Promise<string[]> {
    nextPort += 1;
    await scene.balance('tcp', VIP.ipv4, nextPort, { to: 80, scheduler });
    const names: string[] = [];
    const open: Connection[] = [];
    for (let turn = 0; turn < count; turn += 1) {
      const connection = await client.connect(VIP.ipv4, nextPort);
      names.push(await connection.whoAnswers());
      open.push(connection);
    }
    await Promise.all(open.map((connection) => connection.close()));
    return names;
  }

  function linesAbout(scheduler: string): { readonly msg: string; readonly times: number }[] {
    const lines = scene.uipvs.log.split('\n').filter((line) => line.includes(`"scheduler":"${scheduler}"`));
    return lines.map((line) => JSON.parse(line) as { msg: string; times: number });
  }

  async function errorCount(): Promise<number> {
    const text = await scene.lab.run('director', ['curl', '-sS', `http://${METRICS}/metrics`]);
    return Number(/^uipvs_scheduler_errors_total (\d+)$/m.exec(text)?.[1]);
  }

  test('chooses as the documented example says, and is listed and saved by its name', async () => {
    const names = await answers('canary', 20);
    assert.equal(names.filter((name) => name === 'rs3').length, 2, String(names));
    assert.deepEqual([names[9], names[19]], ['rs3', 'rs3']);
    assert.match(await scene.adm('-Sn'), new RegExp(`-A -t ${endpoint(VIP.ipv4, nextPort)} -s canary\n`));
    assert.match(await scene.adm('-Ln'), /:\d+ canary\n/);
    assert.deepEqual(linesAbout('canary'), []);
  });

  test('that nobody named is refused in the words of ipvsadm', async () => {
    const { status, stderr } = await scene.uipvs.adm('-A', '-t', '10.9.0.8:80', '-s', 'nosuch');
    assert.deepEqual([status, stderr], [255, 'Scheduler or persistence engine not found\n']);
  });

  for (const { scheduler, what } of [
    { scheduler: 'throws', what: 'threw: out of order' },
    { scheduler: 'rejects', what: 'chose a promise' },
    { scheduler: 'refuses', what: 'failed in init: no database' },
    { scheduler: 'spoils', what: 'threw: Cannot assign to read only property' },
  ]) {
    test(`that fails (${scheduler}) has wlc choose, one line in the log, and a count`, async () => {
      const before = await errorCount();
      const connection = await client.connect(VIP.ipv4, 80);
      const name = await connection.whoAnswers();
      assert.deepEqual(await answers(scheduler, 6), ['rs3', 'rs2', 'rs1', 'rs3', 'rs2', 'rs1']);
      const count = await errorCount();
      assert.ok(count - before >= 6);
      assert.match(await scene.adm('--drops'), new RegExp(`^scheduler errors +${count}$`, 'm'));
      const lines = await until('the log to tell it', 5000, () => {
        const told = linesAbout(scheduler);
        return told.length > 0 ? told : null;
      });
      assert.ok(
        lines[0]?.msg.startsWith(
          `scheduler ${scheduler} of service TCP ${endpoint(VIP.ipv4, nextPort)} ${what}`,
        ),
        lines[0]?.msg,
      );
      assert.match(lines[0]?.msg ?? '', /; wlc chooses where it fails$/);
      for (let turn = 0; turn < 50; turn += 1) await client.whoAnswers(VIP.ipv4, nextPort);
      assert.equal(linesAbout(scheduler).length, 1);
      assert.equal(await connection.whoAnswers(), name);
      await connection.close();
    });
  }

  test('in a loop of 3 s stops no established connection, and rests afterwards', async () => {
    nextPort += 1;
    await scene.balance('tcp', VIP.ipv4, nextPort, { to: 80, scheduler: 'loops' });
    assert.equal(await client.whoAnswers(VIP.ipv4, nextPort), 'rs1');
    const other = await scene.peer('client', 'newcomer');
    const echo = await client.connect(VIP.ipv4, 7);
    writeFileSync(path.join(files.directory, 'loop-now'), '');
    const running = echo.pingPong(LOOP_MS + 500);
    const startedAt = Date.now();
    assert.equal(await other.whoAnswers(VIP.ipv4, nextPort), 'rs1');
    assert.ok(Date.now() - startedAt >= LOOP_MS, 'it did not loop');
    const trips = await running;
    const longest = Math.max(...trips.map(({ durationMs }) => durationMs));
    assert.ok(trips.length > 100, `only ${trips.length} requests were answered`);
    assert.ok(longest < SOON_MS, `one answer took ${longest} ms`);
    const names = new Set<string>();
    for (let turn = 0; turn < 3; turn += 1) names.add(await client.whoAnswers(VIP.ipv4, nextPort));
    assert.ok(names.size > 1, 'it was asked again at once');
    await until('the log to tell it', 5000, () => linesAbout('loops').length === 1);
    assert.match(linesAbout('loops')[0]?.msg ?? '', /took \d{4} ms and is not asked for \d+ ms/);
    await echo.close();
  });

  test('that is not there after a restart costs no connection, and wlc chooses', async () => {
    nextPort += 1;
    await scene.balance('tcp', VIP.ipv4, nextPort, { to: 7, scheduler: 'canary' });
    const exchange = await RunningExchange.start(scene.lab, { address: VIP.ipv4, port: nextPort }, 20, 20);
    const saved = await scene.adm('-Sn');
    await scene.uipvs.kill9();
    await scene.restartUipvs();
    assert.equal(await scene.adm('-Sn'), saved);
    const names = await Promise.all([1, 2, 3].map(() => client.connect(VIP.ipv4, nextPort)));
    await until('the log to tell it', 5000, () => linesAbout('canary').length > 0);
    assert.match(
      linesAbout('canary')[0]?.msg ?? '',
      /failed in init: it is unknown since the daemon was started/,
    );
    await scene.adm('-a', '-t', endpoint(VIP.ipv4, nextPort), '-r', '10.1.0.99:7', '-m', '-w', '0');
    assertUnharmed(await exchange.finish(), 20);
    for (const connection of names) await connection.abort();
  });

  test('that is wrong keeps the daemon from starting, in one line', async () => {
    const argv = [process.execPath, DAEMON, '--socket', path.join(scene.lab.directory, 'second.sock')];
    for (const [words, status, says] of [
      [['--scheduler', 'own=/nosuch.mjs'], 1, /scheduler own in \/nosuch\.mjs cannot be read/],
      [
        ['--scheduler', `rr=${path.join(files.directory, 'canary.mjs')}`],
        1,
        /has the name of one that uipvs brings/,
      ],
      [['--scheduler', '/nosuch.mjs'], 2, /NAME=FILE.*'\/nosuch\.mjs'/],
      [['--scheduler', 'much-too-long-name=/x.mjs'], 2, /'much-too-long-name=\/x\.mjs'/],
      [['--scheduler', 'own=/x.mjs', '--scheduler', 'own=/y.mjs'], 2, /'own' is given twice/],
    ] as const) {
      const result = await scene.lab.exec('director', [...argv, ...words], { timeoutMs: 10_000 });
      assert.equal(result.status, status, result.stderr);
      assert.match(result.stderr, /^uipvsd: [^\n]*\n$/);
      assert.match(result.stderr, says);
    }
  });
});
