/**
 * Two workers on real devices: many connections whose packets come by either, one direction by one and the other by the
 * other, while services are edited, everything is listed, and the daemon is killed and goes on with two workers.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { until } from '../lab/poll.js';
import { VIP } from '../lab/topology.js';
import { assertUnharmed, type ExchangeReport, RunningExchange } from './support/exchange.js';
import { IPERF_PORT, type IperfResult, iperf, startIperfServer } from './support/iperf.js';
import type { Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

const ARGS = ['--workers', '2'];
const CONNECTIONS = 200;
const INTERVAL_MS = 50;
const KILLS = 2;
const EDITS_PER_LIFE = 4;
/** Flows that are looked at one by one; each has both its directions on one worker in half of the cases. */
const FLOWS = 16;
const FLOW_MS = 300;

/** How often each worker has been given a processor, and for how many ns: it sleeps while nothing comes for it. */
function workerTimes(pid: number): readonly number[] {
  const tasks = `/proc/${pid}/task`;
  const times = new Map<string, number>();
  for (const task of readdirSync(tasks)) {
    const name = readFileSync(`${tasks}/${task}/comm`, 'utf8').trim();
    if (!name.startsWith('uipvs-worker')) continue;
    times.set(name, Number(readFileSync(`${tasks}/${task}/schedstat`, 'utf8').split(' ')[0]));
  }
  return [...times].toSorted().map(([, time]) => time);
}

describe('two workers', () => {
  let scene: Scene;
  let client: Peer;
  let report: ExchangeReport;
  let flows: IperfResult;
  let listings = 0;
  const torn: string[] = [];

  /** Services that come and go, and the table listed meanwhile. */
  async function editAndList(): Promise<void> {
    for (let edit = 0; edit < EDITS_PER_LIFE; edit += 1) {
      const port = 9000 + edit;
      await scene.balance('udp', VIP.ipv4, port, { to: 7 });
      const flow = await client.datagrams(VIP.ipv4, port);
      await flow.ask('comes and goes').catch(() => 'lost by a kill');
      for (const { client: source, virtual, destination } of await scene.connections()) {
        if (!source.startsWith('10.0.0.2:') || !virtual.startsWith('10.9.0.1:'))
          torn.push(`${source} ${virtual}`);
        if (!destination.startsWith('10.1.0.1')) torn.push(destination);
      }
      listings += 1;
      await scene.adm('-D', '-u', `${VIP.ipv4}:${port}`);
    }
  }

  before(async () => {
    scene = await Scene.open({ uipvs: { args: ARGS } });
    client = await scene.peer();
    await startIperfServer(scene.lab, 'rs1');
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
    await scene.balance('tcp', VIP.ipv4, IPERF_PORT, { to: IPERF_PORT, servers: [1] });
    const exchange = await RunningExchange.start(
      scene.lab,
      { address: VIP.ipv4, port: 7 },
      CONNECTIONS,
      INTERVAL_MS,
    );
    await editAndList();
    for (let kill = 0; kill < KILLS; kill += 1) {
      await scene.uipvs.kill9();
      await scene.restartUipvs({ args: ARGS });
      await editAndList();
    }
    flows = await iperf(scene.lab, VIP.ipv4, ['--time', '2', '--parallel', '4', '--bidir']);
    report = await exchange.finish();
  });
  after(() => scene.close());

  test('lose no connection and no byte, over kills', (context) => {
    context.diagnostic(`${report.blocks} blocks, ${listings} listings`);
    assertUnharmed(report, CONNECTIONS);
    assert.ok(report.blocks > CONNECTIONS * 10, `only ${report.blocks} blocks were exchanged`);
  });

  test('list whole connections while these come and go', () => {
    assert.equal(listings, (1 + KILLS) * EDITS_PER_LIFE);
    assert.deepEqual(torn, []);
  });

  test('carry several flows both ways', () => {
    assert.ok(flows.receivedBytes > 0);
    assert.equal(flows.flowBytes.filter((bytes) => bytes === 0).length, 0);
  });

  test('share what comes, and some flows have a direction on each', async (context) => {
    let [split, whole] = [0, 0];
    for (let flow = 0; flow < FLOWS; flow += 1) {
      const connection = await client.connect(VIP.ipv4, 7);
      const from = workerTimes(scene.uipvs.pid);
      await connection.pingPong(FLOW_MS);
      const spent = workerTimes(scene.uipvs.pid).map((time, index) => time - (from[index] ?? 0));
      await connection.abort();
      assert.equal(spent.length, 2);
      if (Math.min(...spent) * 4 > Math.max(...spent)) split += 1;
      else whole += 1;
    }
    context.diagnostic(`${split} flows by both workers, ${whole} by one`);
    assert.ok(split > 0, `all ${whole} flows went by one worker`);
  });

  test('count exactly the connections that are there', async () => {
    const connection = await client.connect(VIP.ipv4, 7);
    // Those that have ended are forgotten one after another, so that both are looked at until they agree.
    await until('counts and table to agree', 10_000, async () => {
      const destinations = await scene.destinations('tcp', VIP.ipv4, 7);
      const counted = destinations.reduce((sum, { active, inactive }) => sum + active + inactive, 0);
      const listed = (await scene.connections()).filter(({ virtual }) => virtual === `${VIP.ipv4}:7`);
      return counted > 0 && counted === listed.length;
    });
    await connection.abort();
  });
});
