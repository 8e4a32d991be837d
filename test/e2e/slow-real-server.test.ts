/** A real server that takes nothing any more, stopped by SIGSTOP: what is sent to it fills its window, and waits. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Child } from '../lab/child.js';
import { startServers } from '../lab/servers.js';
import { VIP } from '../lab/topology.js';
import { assertUnharmed, type ExchangeReport, RunningExchange } from './support/exchange.js';
import { IPERF_PORT, type IperfResult, iperf, startIperfServer } from './support/iperf.js';
import { Scene } from './support/scene.js';

const SERVERS = [1, 2, 3] as const;
const CONNECTIONS = 60;
const INTERVAL_MS = 20;
const STOPPED_MS = 3000;
/** Of the connections that are asked while it stands still. */
const GO_ON_MS = 1000;
const FLOW_SECONDS = 5;

describe('a real server that stands still', () => {
  let scene: Scene;
  /** Connections that are asked whether they go on while it stands still, and those that are asked afterwards. */
  let meanwhile: ExchangeReport;
  let afterwards: ExchangeReport;
  let flow: IperfResult;
  let newcomers: readonly string[];
  let receivedWhileStopped: number;

  before(async () => {
    scene = await Scene.open({ serverPorts: null });
    const { lab } = scene;
    const echoes = new Map<number, Child>();
    for (const index of SERVERS) echoes.set(index, await startServers(lab, `rs${index}`, { tcpEcho: 7 }));
    const sink = await startIperfServer(lab, 'rs1');
    await scene.balance('tcp', VIP.ipv4, 7, { to: 7 });
    await scene.balance('tcp', VIP.ipv4, 80, { to: 7, servers: [2, 3] });
    await scene.balance('tcp', VIP.ipv4, IPERF_PORT, { to: IPERF_PORT, servers: [1] });
    const client = await scene.peer();
    const to = { address: VIP.ipv4, port: 7 };
    const [first, second] = [
      await RunningExchange.start(lab, to, CONNECTIONS, INTERVAL_MS, GO_ON_MS),
      await RunningExchange.start(lab, to, CONNECTIONS, INTERVAL_MS),
    ];
    const flowing = iperf(lab, VIP.ipv4, ['--time', String(FLOW_SECONDS)]);
    await delay(1000);
    for (const child of [echoes.get(1), sink]) child?.signal('SIGSTOP');
    const observer = await scene.peer('rs1', 'observer');
    await delay(STOPPED_MS / 2);
    const samples = await observer.sampleBytes('eth0', 100, STOPPED_MS / 2);
    receivedWhileStopped = (samples.at(-1)?.receivedBytes ?? 0) - (samples[0]?.receivedBytes ?? 0);
    meanwhile = await first.finish();
    newcomers = await Promise.all(
      Array.from({ length: 10 }, async (_, index) => {
        const connection = await client.connect(VIP.ipv4, 80);
        return connection.exchange(`newcomer ${index}`);
      }),
    );
    for (const child of [echoes.get(1), sink]) child?.signal('SIGCONT');
    flow = await flowing;
    afterwards = await second.finish();
  });
  after(() => scene.close());

  test('holds up its own connections, and no other ones', () => {
    assert.deepEqual([meanwhile.ended, meanwhile.wrong], [{}, 0]);
    assert.equal(meanwhile.stuck.length, CONNECTIONS / SERVERS.length);
    // What is under way for that long is told although it has not come back.
    const held = new Set(meanwhile.slow.map(([connection]) => connection));
    assert.deepEqual(
      meanwhile.stuck.filter((connection) => !held.has(connection)),
      [],
    );
    assert.deepEqual(
      newcomers,
      newcomers.map((_, index) => `newcomer ${index}`),
    );
  });

  test('gets next to nothing while its window is closed', (context) => {
    context.diagnostic(`${receivedWhileStopped} bytes in ${STOPPED_MS / 2} ms`);
    assert.ok(receivedWhileStopped < 1 << 20, `${receivedWhileStopped} bytes were sent into a closed window`);
  });

  test('has lost nothing when it goes on', () => {
    assertUnharmed(afterwards, CONNECTIONS);
    assert.ok(flow.receivedBytes > 0);
    assert.ok(flow.sentBytes >= flow.receivedBytes);
  });
});
