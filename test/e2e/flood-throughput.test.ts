/**
 * What a flow that takes all it can get keeps while clients that nobody is begin connections. `UIPVS_FLOOD=1000000` in the
 * environment, by hand: so many SYNs; then the flow must keep 9 of 10 parts of what it had beside the same flood to an
 * address that the director's kernel drops by itself, so that what the flood costs to be made and to arrive is in both.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { VIP } from '../lab/topology.js';
import { floodWithClients } from './support/client-flood.js';
import { IPERF_PORT, iperf, startIperfServer } from './support/iperf.js';
import type { Peer } from './support/peer.js';
import type { ByteSample } from './support/peer-operations.js';
import { Scene } from './support/scene.js';

const FLOOD = process.env.UIPVS_FLOOD;
const SYNS = Number(FLOOD ?? 30_000);
const SYNS_PER_SECOND = FLOOD === undefined ? 20_000 : 1_000_000;
const LEAST_KEPT = 0.9;
const SETTLE_MS = 500;
const QUIET_MS = 2000;
const SAMPLE_MS = 100;
const SLICE_MS = 500;
/** An address that leads to the director and there to nothing. */
const NOWHERE = '10.9.0.250';

describe(`an uncapped flow beside ${SYNS} clients that nobody is`, () => {
  let scene: Scene;
  /** Bytes a second: alone, beside the flood to nowhere, beside the flood to a service. */
  const rates: number[] = [];
  /** Bytes in each slice of the last of these. */
  const slices: number[] = [];

  /** Bytes that rs1 received from `fromMs` to `toMs`. */
  function bytesBetween(samples: readonly ByteSample[], fromMs: number, toMs: number): number {
    const at = (ms: number): number => samples.findLast(({ atMs }) => atMs <= ms)?.receivedBytes ?? 0;
    return at(toMs) - at(fromMs);
  }

  /** One flow through a quiet time and a flood. */
  async function measure(observer: Peer, vip: string): Promise<void> {
    const seconds = FLOOD === undefined ? 6 : 60;
    const options = ['--time', String(seconds)];
    const flowing = iperf(scene.lab, VIP.ipv4, options);
    const sampling = observer.sampleBytes('eth0', SAMPLE_MS, (seconds - 1) * 1000);
    await delay(SETTLE_MS);
    const quietAt = Date.now();
    await delay(QUIET_MS);
    const beganAt = Date.now();
    await floodWithClients(scene, {
      ...{ kind: 'syn', port: 80, count: SYNS, perSecond: SYNS_PER_SECOND },
      vip,
    });
    const endedAt = Date.now();
    const samples = await sampling;
    await flowing;
    const lastMs = Math.min(endedAt, samples.at(-1)?.atMs ?? 0);
    if (vip === NOWHERE) rates.push(bytesBetween(samples, quietAt, beganAt) / ((beganAt - quietAt) / 1000));
    rates.push(bytesBetween(samples, beganAt, lastMs) / ((lastMs - beganAt) / 1000));
    if (vip === NOWHERE) return;
    for (let from = beganAt; from + SLICE_MS <= lastMs; from += SLICE_MS) {
      slices.push(bytesBetween(samples, from, from + SLICE_MS));
    }
  }

  before(async () => {
    scene = await Scene.open({ realServers: 1, uipvs: { args: ['--connections', '20000'] } });
    await startIperfServer(scene.lab, 'rs1');
    await scene.lab.ip('director', [`route add blackhole ${NOWHERE}`]);
    await scene.balance('tcp', VIP.ipv4, IPERF_PORT, { to: IPERF_PORT });
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
    const observer = await scene.peer('rs1', 'observer');
    await measure(observer, NOWHERE);
    await measure(observer, VIP.ipv4);
  });
  after(() => scene.close());

  test('goes on at every moment', () => {
    assert.ok(slices.length > 0);
    assert.deepEqual(
      slices.filter((bytes) => bytes < 1 << 20),
      [],
      `bytes each ${SLICE_MS} ms: ${slices}`,
    );
  });

  test('by hand keeps 9 of 10 parts of what it had beside a flood to nowhere', (context) => {
    const [alone = 0, toNowhere = 0, toService = 0] = rates;
    const gigabits = (rate: number): string => ((8 * rate) / 1e9).toFixed(2);
    context.diagnostic(
      `alone ${gigabits(alone)} Gbit/s, beside a flood to nowhere ${gigabits(toNowhere)}, to a service ` +
        `${gigabits(toService)}: ${(toService / toNowhere).toFixed(2)}, and ${(toService / alone).toFixed(2)} of alone`,
    );
    assert.ok(toService > 0);
    if (FLOOD !== undefined)
      assert.ok(toService >= LEAST_KEPT * toNowhere, `${toService} of ${toNowhere} bytes/s`);
  });
});
