/**
 * More connections begin while JavaScript is blocked than there is room for their first packets: the rest of these is
 * dropped and counted, established connections go on, and afterwards all is as ever.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ControlClient } from '../../src/control/client.js';
import { until } from '../lab/poll.js';
import { VIP } from '../lab/topology.js';
import { BLOCKABLE, blockEventLoop } from './support/block-report.js';
import { floodWithClients } from './support/client-flood.js';
import { assertUnharmed, type ExchangeReport, RunningExchange } from './support/exchange.js';
import type { Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

/** More than wait at once: native/engine/parking.h, kFlows. */
const WAITING = 2048;
const NEWCOMERS = 6000;
const PER_SECOND = 5000;
const CONNECTIONS = 50;
const INTERVAL_MS = 20;
/** A SYN that was dropped is sent again after 1 s, 3 s and 7 s. */
const PATIENCE_MS = 10_000;

type Counters = Readonly<Record<string, number>>;

describe(`${NEWCOMERS} connections that begin while JavaScript is blocked`, () => {
  let scene: Scene;
  let client: Peer;
  let report: ExchangeReport;
  let [blockStart, blockEnd] = [0, 0];
  let during: Counters;
  let afterwards: Counters;
  let served: readonly string[];

  async function countersNow(): Promise<Counters> {
    const control = await ControlClient.connect(scene.uipvs.socketPath);
    const counters = await control.request({ op: 'drops' });
    control.close();
    return counters;
  }

  before(async () => {
    scene = await Scene.open({ realServers: 1, uipvs: { env: BLOCKABLE } });
    client = await scene.peer();
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
    const exchange = await RunningExchange.start(
      scene.lab,
      { address: VIP.ipv4, port: 7 },
      CONNECTIONS,
      INTERVAL_MS,
    );
    const block = await blockEventLoop(scene.uipvs);
    blockStart = block.startMs;
    const flood = { kind: 'syn', port: 80, count: NEWCOMERS, perSecond: PER_SECOND } as const;
    const flooding = floodWithClients(scene, flood);
    const earnest = Array.from({ length: 20 }, async () => {
      const connection = await client.connect(VIP.ipv4, 7, { timeoutMs: PATIENCE_MS });
      return connection.exchange('in earnest', PATIENCE_MS);
    });
    await flooding;
    blockEnd = await block.end();
    served = await Promise.all(earnest);
    // What waited is let go in the order in which it came, some dozens at a time.
    await until('those that waited to be connections', PATIENCE_MS, async () => {
      during = await countersNow();
      return (during.connections_created ?? 0) >= WAITING;
    });
    for (let index = 0; index < 20; index += 1) await client.whoAnswers(VIP.ipv4);
    afterwards = await countersNow();
    report = await exchange.finish();
  });
  after(() => scene.close());

  test('fill what there is room for, and the rest is dropped and counted', (context) => {
    const { drop_parking_full: full = 0, connections_created: created = 0 } = during;
    context.diagnostic(`${full} dropped, ${created} made`);
    assert.ok(full > 0, JSON.stringify(during));
    assert.ok(created >= WAITING, `${created} connections`);
    assert.ok(full <= NEWCOMERS - WAITING + 100, `${full} of ${NEWCOMERS} were dropped`);
  });

  test('hold up no connection that was there', (context) => {
    assertUnharmed(report, CONNECTIONS);
    const held = report.slow.filter(
      ([, sentAt, tookMs]) => sentAt < blockEnd && sentAt + tookMs > blockStart,
    );
    context.diagnostic(`${held.length} of ${report.blocks} blocks took 100 ms or more`);
    const stuck = held.filter(([, , tookMs]) => tookMs >= blockEnd - blockStart);
    assert.deepEqual(stuck, []);
  });

  test('leave room for others when it runs again', () => {
    assert.deepEqual(new Set(served), new Set(['in earnest']));
    assert.equal(afterwards.drop_parking_full, during.drop_parking_full);
  });
});
