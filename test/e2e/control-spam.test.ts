/** Users who may ask uipvsd and ask too much: neither new connections nor root are to notice. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Child } from '../lab/child.js';
import { VIP } from '../lab/topology.js';
import { loopReport, WATCHED } from './support/loop-report.js';
import type { Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

const SPAMMER = fileURLToPath(new URL('./support/control-spammer.js', import.meta.url));
const GROUP = 54101;
/** What four users can have of one socket's places, and root beside them. */
const USERS = [54141, 54142, 54143, 54144];
const CLIENTS_OF_ONE = 14;
const CLIENTS_OF_ROOT = 4;
const CONNECTIONS = 100;
/** Processor time between two turns of the event loop: 5 are usual, and 50 where what comes at once is not cut. */
const MOST_BUSY_MS = 15;
/** By the clock, of the median of connections: who is to have the processor when is not for the daemon to say. */
const MOST_MORE_MS = 100;
/** How soon root must be answered. */
const SOON_MS = 3000;

describe('users who ask too much', () => {
  let scene: Scene;
  let client: Peer;
  let directory = '';
  let socketPath = '';

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'uipvs-spam-'));
    chmodSync(directory, 0o755);
    socketPath = join(directory, 'sock');
    const args = ['--admin-group', `${GROUP}`, '--proc-dir', 'none'];
    scene = await Scene.open({ realServers: 1, uipvs: { socketPath, args, env: WATCHED } });
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
    client = await scene.peer();
  });
  after(() => {
    scene.close();
    rmSync(directory, { recursive: true });
  });

  async function spam(uid: number, count: number, how: string): Promise<Child> {
    // Who spams is not to take the processor from the test.
    const argv = ['nice', '-n', '10', 'setpriv', `--reuid=${uid}`, `--regid=${uid}`, `--groups=${GROUP}`];
    const words = [process.execPath, SPAMMER, socketPath, `${count}`, how];
    const child = scene.lab.spawn('director', [...argv, ...words]);
    await child.ready(`${count} clients of user ${uid}`, 60_000, () => child.log.includes('ready'));
    return child;
  }

  /** How long new connections through the director take to come about, shortest first, in milliseconds. */
  async function connectTimes(): Promise<readonly number[]> {
    const times: number[] = [];
    for (let index = 0; index < CONNECTIONS; index += 1) {
      const startedAt = performance.now();
      const connection = await client.connect(VIP.ipv4, 80);
      times.push(performance.now() - startedAt);
      await connection.close();
    }
    return times.sort((one, other) => one - other);
  }

  const median = (times: readonly number[]): number => times[times.length / 2] ?? Number.NaN;

  for (const [how, what] of [
    ['asking', 'by requests'],
    ['coming', 'by connections to the socket'],
  ] as const) {
    test(`${what} delay no new connection through the director, and root is answered`, async (context) => {
      const usual = await connectTimes();
      const spammers = await Promise.all([
        ...USERS.map((uid) => spam(uid, CLIENTS_OF_ONE, how)),
        spam(0, CLIENTS_OF_ROOT, how),
      ]);
      await loopReport(scene.uipvs);
      const busy = await connectTimes();
      const { busyP99Ms } = await loopReport(scene.uipvs);
      const startedAt = performance.now();
      assert.match(await scene.adm('-Ln'), /10\.9\.0\.1:80 rr/);
      const answeredAfterMs = performance.now() - startedAt;
      for (const spammer of spammers) {
        assert.ok(spammer.isRunning);
        await spammer.stop();
      }
      const rest = `event loop ${busyP99Ms.toFixed(1)} ms; root after ${answeredAfterMs.toFixed()} ms`;
      context.diagnostic(`median ${median(usual).toFixed(1)} and ${median(busy).toFixed(1)} ms; ${rest}`);
      assert.ok(busyP99Ms < MOST_BUSY_MS, `the event loop was busy for ${busyP99Ms} ms`);
      assert.ok(median(busy) < median(usual) + MOST_MORE_MS, `${median(usual)} ms became ${median(busy)} ms`);
      assert.ok(answeredAfterMs < SOON_MS, `root was answered after ${answeredAfterMs} ms`);
    });
  }
});
