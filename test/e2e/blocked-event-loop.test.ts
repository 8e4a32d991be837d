import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../lab/poll.js';
import { VIP } from '../lab/topology.js';
import { BLOCK_MS, BLOCKABLE, blockEventLoop } from './support/block-report.js';
import { IPERF_PORT, iperf, startIperfServer } from './support/iperf.js';
import type { PeerError } from './support/peer.js';
import type { ByteSample, RoundTrip } from './support/peer-operations.js';
import { Scene } from './support/scene.js';

/** How long everything runs, in seconds: before the block, the block, and a little after. */
const RUN_SECONDS = 7;
const BEFORE_MS = 2000;
const INTERVAL_MS = 500;
const SAMPLE_EVERY_MS = 50;
/** Less than the path can do, so that another program of the machine that takes a core for a moment does not show. */
const BITRATE = '2G';
/** Connections begun while nobody can choose a destination for them. */
const WAITING_CONNECTIONS = 50;

/** Bytes received in each whole interval of `from` to `to`, from samples of a counter. */
function bytesPerInterval(samples: readonly ByteSample[], from: number, to: number): number[] {
  const at = (ms: number): number => samples.findLast(({ atMs }) => atMs <= ms)?.receivedBytes ?? 0;
  const intervals: number[] = [];
  for (let start = from; start + INTERVAL_MS <= to; start += INTERVAL_MS) {
    intervals.push(at(start + INTERVAL_MS) - at(start));
  }
  return intervals;
}

describe('while JavaScript is blocked for 3 s', () => {
  let scene: Scene;
  let blockStart = 0;
  let blockEnd = 0;
  let samples: readonly ByteSample[] = [];
  let roundTrips: readonly RoundTrip[] = [];
  let connectedAt: readonly number[] = [];
  let refusals: readonly string[] = [];

  before(async () => {
    scene = await Scene.open({ realServers: 1, uipvs: { env: BLOCKABLE } });
    await startIperfServer(scene.lab, 'rs1');
    await scene.balance('tcp', VIP.ipv4, IPERF_PORT, { to: IPERF_PORT });
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
    const client = await scene.peer('client', 'ping-pong');
    const newcomers = await scene.peer('client', 'newcomers');
    const observer = await scene.peer('rs1', 'observer');
    const echo = await client.connect(VIP.ipv4, 7);

    const running = Promise.all([
      iperf(scene.lab, VIP.ipv4, ['--time', String(RUN_SECONDS), '--bitrate', BITRATE]),
      observer.sampleBytes('eth0', SAMPLE_EVERY_MS, RUN_SECONDS * 1000),
      echo.pingPong((RUN_SECONDS - 1) * 1000),
    ]);
    const startedAt = Date.now();
    await until('the flow to have a history', 2 * BEFORE_MS, () => Date.now() >= startedAt + BEFORE_MS);
    const block = await blockEventLoop(scene.uipvs);
    blockStart = block.startMs;
    const attempts = Array.from({ length: WAITING_CONNECTIONS }, () =>
      newcomers.connect(VIP.ipv4, 7, { timeoutMs: 2 * BLOCK_MS }),
    );
    const settled = await Promise.allSettled(attempts);
    blockEnd = await block.end();
    connectedAt = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value.connectedAtMs] : []));
    refusals = settled.flatMap((one) => (one.status === 'rejected' ? [(one.reason as PeerError).code] : []));
    [, samples, roundTrips] = await running;
  });
  after(() => scene.close());

  test('it really was blocked', () => {
    assert.ok(blockEnd - blockStart >= BLOCK_MS);
  });

  test('a bulk flow goes on in every half second', () => {
    const [, ...before] = bytesPerInterval(samples, blockStart - BEFORE_MS, blockStart);
    const mean = before.reduce((sum, bytes) => sum + bytes, 0) / before.length;
    const during = bytesPerInterval(samples, blockStart, blockEnd);
    assert.equal(during.length, BLOCK_MS / INTERVAL_MS);
    assert.ok(mean > 0, 'nothing flowed before the block');
    // A tenth: what else the machine does may take the rest.
    const slow = during.filter((bytes) => bytes < mean / 10);
    assert.deepEqual(slow, [], `half seconds below a tenth of ${mean} bytes; all: ${during}`);
  });

  test('a request is answered as before', () => {
    const during = roundTrips.filter(({ atMs }) => atMs >= blockStart && atMs < blockEnd);
    const longest = Math.max(...during.map(({ durationMs }) => durationMs));
    assert.ok(during.length > 100, `only ${during.length} requests were answered`);
    assert.ok(longest < INTERVAL_MS, `one answer took ${longest} ms`);
  });

  test('new connections wait, and are all there right after it', () => {
    assert.deepEqual(refusals, []);
    assert.equal(connectedAt.length, WAITING_CONNECTIONS);
    assert.ok(Math.min(...connectedAt) >= blockEnd - 1, 'one was answered during the block');
    const latest = Math.max(...connectedAt) - blockEnd;
    assert.ok(latest < INTERVAL_MS, `the last one was answered ${latest} ms after the block`);
  });
});
