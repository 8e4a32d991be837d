/**
 * More clients than there is room for, none of which means it. `UIPVS_FLOOD=1000000` in the environment sends so many
 * SYNs, as fast as it can, which is more than there are decisions: then only half of those who mean it need to get through.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlClient } from '../../src/control/client.js';
import { VIP } from '../lab/topology.js';
import { floodWithClients } from './support/client-flood.js';
import { IPERF_PORT, type IperfResult, iperf, startIperfServer } from './support/iperf.js';
import { Scene } from './support/scene.js';

const FLOOD = process.env.UIPVS_FLOOD;
const SYNS = Number(FLOOD ?? 100_000);
const SYNS_PER_SECOND = FLOOD === undefined ? 20_000 : 1_000_000;
const TABLE = 20_000;
/** What an established flow is to carry all the time. */
const MEGABITS = 200;
const FLOW_SECONDS = FLOOD === undefined ? 8 : 27;
const NEWCOMER_PERIOD_MS = 100;
/** A SYN that the flood has pushed out is sent again after 1 s and after 3. */
const PATIENCE_MS = 8000;
const LEAST_SERVED = FLOOD === undefined ? 0.9 : 0.5;
const MOST_GROWTH_BYTES = 64 << 20;

describe(`while ${SYNS} clients that nobody is begin connections`, () => {
  let scene: Scene;
  let flow: IperfResult;
  let newcomers: readonly PromiseSettledResult<string>[];
  let growthBytes: number;
  let live: number;
  let counters: Readonly<Record<string, number>>;

  function residentBytes(): number {
    const status = readFileSync(`/proc/${scene.uipvs.pid}/status`, 'utf8');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  before(async () => {
    scene = await Scene.open({ realServers: 1, uipvs: { args: ['--connections', String(TABLE)] } });
    await startIperfServer(scene.lab, 'rs1');
    await scene.balance('tcp', VIP.ipv4, IPERF_PORT, { to: IPERF_PORT });
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
    const client = await scene.peer();
    const residentBefore = residentBytes();
    const options = ['--time', String(FLOW_SECONDS), '--bitrate', `${MEGABITS}M`];
    const flowing = iperf(scene.lab, VIP.ipv4, options);
    await delay(1000);
    let isOver = false;
    const flooding = floodWithClients(scene, {
      kind: 'syn',
      port: 80,
      count: SYNS,
      perSecond: SYNS_PER_SECOND,
    }).finally(() => {
      isOver = true;
    });
    const attempts: Promise<string>[] = [];
    while (!isOver) {
      const attempt = client.connect(VIP.ipv4, 80, { timeoutMs: PATIENCE_MS });
      const answer = attempt.then((connection) => connection.ask('/'));
      answer.catch(() => undefined); // counted below
      attempts.push(answer);
      await delay(NEWCOMER_PERIOD_MS);
    }
    await flooding;
    live = (await scene.connections()).length;
    newcomers = await Promise.allSettled(attempts);
    flow = await flowing;
    growthBytes = residentBytes() - residentBefore;
    const control = await ControlClient.connect(scene.uipvs.socketPath);
    counters = await control.request({ op: 'drops' });
    control.close();
  });
  after(() => scene.close());

  test('an established flow carries what it is to', (context) => {
    const megabits = (8 * flow.receivedBytes) / FLOW_SECONDS / 1e6;
    context.diagnostic(`${megabits.toFixed(0)} of ${MEGABITS} Mbit/s`);
    assert.ok(megabits >= 0.9 * MEGABITS, `${megabits} Mbit/s`);
  });

  test('clients that mean it are served', (context) => {
    const served = newcomers.filter(({ status }) => status === 'fulfilled').length;
    context.diagnostic(`${served} of ${newcomers.length}`);
    assert.ok(newcomers.length >= 10, `only ${newcomers.length} tried`);
    assert.ok(served >= LEAST_SERVED * newcomers.length, `${served} of ${newcomers.length}`);
  });

  test('the table stays as large as it is, and half-open connections give way', (context) => {
    assert.ok(live <= TABLE, `${live} connections`);
    const { connections_created: created = 0, connections_reclaimed: reclaimed = 0 } = counters;
    context.diagnostic(`${created} made, ${reclaimed} gave way, ${live} were there at the end`);
    assert.ok(created > TABLE && reclaimed >= created - TABLE - 1000, `${reclaimed} of ${created} gave way`);
  });

  test('memory is bounded', (context) => {
    context.diagnostic(`grew by ${(growthBytes / 2 ** 20).toFixed(1)} MB`);
    assert.ok(growthBytes < MOST_GROWTH_BYTES, `uipvsd grew by ${growthBytes} bytes`);
  });
});
