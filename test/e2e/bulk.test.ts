import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import { checksumErrors } from './support/checksum-errors.js';
import { IPERF_PORT, iperf, startIperfServer } from './support/iperf.js';
import { Scene } from './support/scene.js';

/** A path that works moves far more in a second on any machine; one that crawls on retransmissions does not. */
const LEAST_BYTES = 10_000_000;
/** iperf3 takes whole seconds only. */
const SECONDS = '1';

describe('iperf3 through a VIP', () => {
  let scene: Scene;
  before(async () => {
    scene = await Scene.open({ realServers: 1, serverPorts: null });
    await startIperfServer(scene.lab, 'rs1');
    for (const vip of [VIP.ipv4, VIP.ipv6]) {
      await scene.balance('tcp', vip, IPERF_PORT, { to: IPERF_PORT });
      await scene.balance('udp', vip, IPERF_PORT, { to: IPERF_PORT });
    }
  });
  after(() => scene.close());

  /** Runs `work` and asserts that neither end has counted a wrong checksum meanwhile. */
  async function withoutChecksumErrors<Result>(work: () => Promise<Result>): Promise<Result> {
    const count = () => Promise.all([checksumErrors(scene.lab, 'client'), checksumErrors(scene.lab, 'rs1')]);
    const before = await count();
    const result = await work();
    assert.deepEqual(await count(), before);
    return result;
  }

  for (const { vip, flows, way, options } of [
    { vip: VIP.ipv4, flows: 1, way: 'to the server', options: [] },
    { vip: VIP.ipv4, flows: 1, way: 'to the client', options: ['--reverse'] },
    { vip: VIP.ipv4, flows: 4, way: 'to the server', options: [] },
    { vip: VIP.ipv4, flows: 4, way: 'to the client', options: ['--reverse'] },
    { vip: VIP.ipv4, flows: 4, way: 'both ways at once', options: ['--bidir'] },
    { vip: VIP.ipv6, flows: 1, way: 'both ways at once', options: ['--bidir'] },
    { vip: VIP.ipv6, flows: 4, way: 'both ways at once', options: ['--bidir'] },
  ]) {
    test(`${flows} TCP flow${flows > 1 ? 's' : ''} ${way} by ${vip}`, async () => {
      const { receivedBytes, flowBytes } = await withoutChecksumErrors(() =>
        iperf(scene.lab, vip, ['--time', SECONDS, '--parallel', String(flows), ...options]),
      );
      assert.ok(receivedBytes > LEAST_BYTES, `only ${receivedBytes} bytes arrived`);
      const senders = options.includes('--bidir') ? 2 * flows : flows;
      assert.equal(flowBytes.filter((bytes) => bytes > 0).length, senders);
    });
  }

  for (const { vip, way, options } of [
    { vip: VIP.ipv4, way: 'to the server', options: ['--length', '1200', '--bitrate', '20M'] },
    { vip: VIP.ipv4, way: 'to the client', options: ['--length', '32', '--bitrate', '2M', '--reverse'] },
    { vip: VIP.ipv6, way: 'to the server', options: ['--length', '32', '--bitrate', '2M'] },
    { vip: VIP.ipv6, way: 'to the client', options: ['--length', '1200', '--bitrate', '20M', '--reverse'] },
  ]) {
    test(`UDP datagrams of ${options[1]} bytes ${way} by ${vip}`, async () => {
      const { datagrams, lostDatagrams } = await withoutChecksumErrors(() =>
        iperf(scene.lab, vip, ['--udp', '--time', SECONDS, ...options]),
      );
      assert.ok(datagrams > 1000, `only ${datagrams} datagrams were sent`);
      assert.ok(lostDatagrams <= datagrams / 100, `${lostDatagrams} of ${datagrams} datagrams were lost`);
    });
  }
});
