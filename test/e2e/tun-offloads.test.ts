/**
 * Somebody switches offloads of uipvs0 off: the kernel then completes checksums and cuts super-packets before they come in by
 * it, and what the device is given is what it was. Traffic of each kind arrives as before, and nobody counts a wrong checksum.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import { checksumErrors } from './support/checksum-errors.js';
import type { Peer } from './support/peer.js';
import { pythonProgram } from './support/program.js';
import { endpoint, Scene } from './support/scene.js';

const HTTP_VPORT = 8080;
const ECHO_VPORT = 7777;
const BYTES = 3_000_000;
const DATAGRAMS = { count: '40', bytes: '1001' } as const;

const ALL = {
  tx: true,
  sg: true,
  tso: true,
  gso: true,
  'tx-udp-segmentation': true,
} as const;
const NONE = Object.fromEntries(Object.keys(ALL).map((name) => [name, false]));

/** `listed`: as `ethtool -k` calls what is off then. */
const ROWS: readonly {
  readonly name: string;
  readonly features: Readonly<Record<string, boolean>>;
  readonly listed: string;
}[] = [
  { name: 'checksums', features: { tx: false }, listed: 'tx-checksumming' },
  { name: 'TCP segmentation', features: { tso: false }, listed: 'tcp-segmentation-offload' },
  {
    name: 'UDP segmentation',
    features: { 'tx-udp-segmentation': false },
    listed: 'tx-udp-segmentation',
  },
  { name: 'generic segmentation', features: { gso: false }, listed: 'generic-segmentation-offload' },
  { name: 'scatter-gather', features: { sg: false }, listed: 'scatter-gather' },
  { name: 'all of them', features: NONE, listed: 'tcp-segmentation-offload' },
];

describe('with offloads of uipvs0 switched off', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open({ realServers: 1, uipvs: { args: ['--io', 'tun'] } });
    client = await scene.peer();
    for (const vip of [VIP.ipv4, VIP.ipv6]) {
      await scene.balance('tcp', vip, HTTP_VPORT, { to: 80 });
      await scene.balance('tcp', vip, ECHO_VPORT, { to: 7 });
      await scene.balance('udp', vip, ECHO_VPORT, { to: 7 });
    }
  });
  after(() => scene.close());

  const errorsAtBothEnds = async () => [
    await checksumErrors(scene.lab, 'client'),
    await checksumErrors(scene.lab, 'rs1'),
    await checksumErrors(scene.lab, 'director'),
  ];

  for (const { name, features, listed } of ROWS) {
    test(`${name}: TCP in bulk both ways, datagrams of each length, and bursts of them arrive`, async () => {
      await scene.lab.ethtool('director', 'uipvs0', { ...ALL });
      await scene.lab.ethtool('director', 'uipvs0', features);
      const offloads = await scene.lab.run('director', ['ethtool', '-k', 'uipvs0']);
      assert.match(offloads, new RegExp(`^\\s*${listed}: off`, 'm'));
      const errors = await errorsAtBothEnds();
      for (const vip of [VIP.ipv4, VIP.ipv6]) {
        const url = `http://${endpoint(vip, HTTP_VPORT)}/bytes/${BYTES}`;
        const down = await scene.lab.run('client', [
          'curl',
          '-sS',
          '-g',
          '-o',
          '/dev/null',
          '-w',
          '%{size_download}',
          url,
        ]);
        assert.equal(Number(down), BYTES);
        const echo = await client.connect(vip, ECHO_VPORT);
        const text = 'up and down '.repeat(BYTES / 12);
        assert.equal(await echo.exchange(text, 10_000), text);
        await echo.close();
        const flow = await client.datagrams(vip, ECHO_VPORT);
        for (const length of [1, 1400, 5000])
          assert.equal(await flow.ask('d'.repeat(length)), 'd'.repeat(length));
        await flow.close();
        const words = [vip, String(ECHO_VPORT), DATAGRAMS.count, DATAGRAMS.bytes];
        const argv = ['python3', pythonProgram('udp_segmented.py'), ...words];
        assert.equal((await scene.lab.run('client', argv)).trim(), DATAGRAMS.count);
        assert.match(await scene.lab.run('client', ['ping', '-c', '1', '-W', '2', '-q', vip]), /1 received/);
      }
      assert.deepEqual(await errorsAtBothEnds(), errors);
    });
  }
});
