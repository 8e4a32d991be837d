/**
 * A scheduler of a user's own leaks until JavaScript's memory is used up and the daemon dies of it. Established connections,
 * whose data never stops, feel nothing but a pause until it is started again, as a service manager does.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { until } from '../lab/poll.js';
import { VIP } from '../lab/topology.js';
import { assertUnharmed, RunningExchange } from './support/exchange.js';
import type { Peer } from './support/peer.js';
import { Scene } from './support/scene.js';
import { SchedulerFiles } from './support/scheduler-files.js';

const CONNECTIONS = 100;
const INTERVAL_MS = 50;
const LEAKY_PORT = 8007;
/** Enough for a daemon, in MB. */
const HEAP = { NODE_OPTIONS: '--max-old-space-size=64' };
const DEATH_LIMIT_MS = 30_000;
/** A file that is there tells it to leak. */
const LEAKY = `
  import { existsSync, unlinkSync } from 'node:fs';
  const order = new URL('./leak-now', import.meta.url);
  const kept = [];
  export default {
    schedule({ destinations }) {
      if (!existsSync(order)) return destinations[0];
      unlinkSync(order);
      for (;;) kept.push(Array.from({ length: 1000 }, (_, index) => ({ index })));
    },
  };`;

let files: SchedulerFiles;
let scene: Scene;
let client: Peer;

before(async () => {
  files = new SchedulerFiles({ leaky: LEAKY });
  scene = await Scene.open({ uipvs: { args: files.args, env: HEAP } });
  client = await scene.peer();
  await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
  await scene.balance('tcp', VIP.ipv4, LEAKY_PORT, { to: 7, scheduler: 'leaky' });
});
after(() => {
  scene?.close();
  files.remove();
});

test(`${CONNECTIONS} connections outlive a daemon that dies for want of memory`, async (context) => {
  const byLeak = await client.connect(VIP.ipv4, LEAKY_PORT);
  const exchange = await RunningExchange.start(
    scene.lab,
    { address: VIP.ipv4, port: 7 },
    CONNECTIONS,
    INTERVAL_MS,
  );
  const saved = await scene.adm('-Sn');
  const dying = scene.uipvs;
  writeFileSync(path.join(files.directory, 'leak-now'), '');
  const newcomer = client.connect(VIP.ipv4, LEAKY_PORT, { timeoutMs: DEATH_LIMIT_MS });
  await until('the daemon to die', DEATH_LIMIT_MS, () => !dying.isRunning);
  const { signal } = await dying.exited;
  assert.match(dying.log, /heap out of memory/);
  assert.equal(signal, 'SIGABRT');
  const killedAt = Date.now();
  await scene.restartUipvs({ args: files.args, env: HEAP });
  context.diagnostic(`started again within ${Date.now() - killedAt} ms`);
  assert.equal(await scene.adm('-Sn'), saved);
  assert.equal(await byLeak.exchange('still here'), 'still here');
  assert.equal(await (await newcomer).exchange('here at last'), 'here at last');
  const destinations = await scene.destinations('tcp', VIP.ipv4, 7);
  assert.equal(
    destinations.reduce((sum, { active }) => sum + active, 0),
    CONNECTIONS,
  );
  const report = await exchange.finish();
  assertUnharmed(report, CONNECTIONS);
  assert.ok(report.blocks > CONNECTIONS * 10, `only ${report.blocks} blocks were exchanged`);
});
