/**
 * node_exporter (Debian's prometheus-node-exporter) on the files of /proc/net that uipvs writes, against the metrics
 * that uipvs serves itself: two ways to the same lines. Once with services of every kind from a table, once with a
 * uipvsd and its traffic.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { ServiceListing } from '../../src/ipvs/listing.js';
import { MetricsServer } from '../../src/metrics/metrics-server.js';
import { ProcFiles } from '../../src/metrics/proc-files.js';
import type { Child } from '../lab/child.js';
import { Lab } from '../lab/lab.js';
import { until } from '../lab/poll.js';
import { requirements } from '../lab/requirements.js';
import { VIP } from '../lab/topology.js';
import { cannedSource } from '../metrics/canned-source.js';
import { MORE_SERVICE_LISTINGS, SERVICE_LISTINGS } from '../metrics/recorded-listings.js';
import { Scene } from './support/scene.js';

const LOOPBACK = '127.0.0.1';
const NODE_EXPORTER = 'prometheus-node-exporter';
const EXPORTER_PLACE = '127.0.0.1:9200';
const METRICS_PLACE = '127.0.0.1:9201';
/** The files follow within a second. */
const REFRESH_LIMIT_MS = 5000;

function withoutSctp(services: readonly ServiceListing[]): readonly ServiceListing[] {
  return services.filter(({ key }) => key.kind === 'fwmark' || key.protocol !== 'sctp');
}

/** The lines about IPVS, sorted: node_exporter sorts them, uipvsd lists services in its own order. */
function ipvsLines(page: string): string[] {
  return page
    .split('\n')
    .filter((line) => line.includes('node_ipvs_'))
    .sort();
}

/** Starts node_exporter on the director, reading below `directory`; returns when it listens. */
async function startExporter(lab: Lab, directory: string): Promise<Child> {
  const exporter = lab.spawn('director', [
    NODE_EXPORTER,
    '--collector.disable-defaults',
    '--collector.ipvs',
    `--path.procfs=${directory}`,
    `--web.listen-address=${EXPORTER_PLACE}`,
  ]);
  await lab.waitForListen('director', 'tcp', 9200);
  return exporter;
}

function pageOf(lab: Lab, place: string): Promise<string> {
  return lab.run('director', ['curl', '-sS', '--fail', `http://${place}/metrics`]);
}

describe('services of every kind', () => {
  for (const [name, services] of [
    ['without SCTP, which node_exporter gets wrong', withoutSctp(SERVICE_LISTINGS)],
    ['that look the same in metrics', MORE_SERVICE_LISTINGS],
  ] as const) {
    test(`are the same to node_exporter and in our metrics, line for line: ${name}`, async () => {
      const missing = requirements([NODE_EXPORTER, 'curl']);
      if (missing !== null) throw new Error(missing);
      const lab = await Lab.create({ realServers: 0 });
      const source = cannedSource({ services: () => services });
      const onFailure = (failure: Error): void => assert.fail(failure);
      const files = new ProcFiles(source, lab.directory, { onFailure });
      const server = await MetricsServer.listen({ address: LOOPBACK, port: 0 }, source, { onFailure });
      try {
        await files.start();
        await startExporter(lab, lab.directory);
        const theirs = ipvsLines(await pageOf(lab, EXPORTER_PLACE));
        const ours = ipvsLines(await (await fetch(`http://${LOOPBACK}:${server.port}/metrics`)).text());
        assert.ok(ours.length > 30, `${ours.length} lines`);
        assert.deepEqual(ours, theirs);
      } finally {
        await server.close();
        await files.close();
        lab.close();
      }
    });
  }
});

describe('uipvsd with --proc-dir and --metrics', () => {
  let scene: Scene;
  let directory = '';
  let exporter: Child;

  before(async () => {
    const missing = requirements([NODE_EXPORTER]);
    if (missing !== null) throw new Error(missing);
    directory = mkdtempSync(path.join(tmpdir(), 'uipvs-node-exporter-'));
    scene = await Scene.open({
      realServers: 2,
      uipvs: { args: ['--metrics', METRICS_PLACE, '--proc-dir', directory] },
    });
    exporter = await startExporter(scene.lab, directory);
  });

  after(async () => {
    await exporter?.stop();
    scene?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  function page(place: string): Promise<string> {
    return pageOf(scene.lab, place);
  }

  function read(name: string): string {
    return readFileSync(path.join(directory, 'net', name), 'latin1');
  }

  /** Waits until two pages in a row agree; then they were made from the same figures. */
  async function agreedLines(): Promise<string[]> {
    let ours: string[] = [];
    let theirs: string[] = [];
    const isAgreed = async (): Promise<boolean> => {
      theirs = ipvsLines(await page(EXPORTER_PLACE));
      ours = ipvsLines(await page(METRICS_PLACE));
      return JSON.stringify(ours) === JSON.stringify(theirs);
    };
    await until('node_exporter and uipvsd to agree', REFRESH_LIMIT_MS, isAgreed).catch(() => undefined);
    assert.deepEqual(ours, theirs);
    return ours;
  }

  test('both say the same of a director without services', async () => {
    const lines = await agreedLines();
    assert.ok(lines.includes('node_ipvs_connections_total 0'));
    assert.equal(lines.length, 15);
  });

  test('both say the same, line for line, of services and traffic', async () => {
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80, scheduler: 'wlc' });
    await scene.balance('tcp', VIP.ipv6, 80, { to: 80 });
    await scene.balance('udp', VIP.ipv4, 7, { to: 7 });
    const urls = [`http://${VIP.ipv4}/bytes/100000`, `http://[${VIP.ipv6}]/bytes/10`];
    await scene.lab.run('client', ['curl', '-sS', '-o', '/dev/null', urls[0] ?? '']);
    await scene.lab.run('client', ['curl', '-sS', '-o', '/dev/null', urls[1] ?? '']);
    const lines = await agreedLines();
    assert.ok(lines.includes('node_ipvs_connections_total 2'));
    const active = lines.filter((line) => line.startsWith('node_ipvs_backend_connections_active{'));
    assert.equal(active.length, 6);
    assert.ok(lines.some((line) => /^node_ipvs_outgoing_bytes_total [1-9]\d{5}$/.test(line)));
  });

  test('ip_vs_conn has the connections, for root and its group only', async () => {
    const connections = await scene.connections();
    assert.equal(connections.length, 2);
    const file = await until('ip_vs_conn to have both connections', REFRESH_LIMIT_MS, () => {
      const lines = read('ip_vs_conn').split('\n').slice(1, -1);
      return lines.length === 2 && lines;
    });
    const starts = file.map((line) => line.slice(0, 4)).sort();
    assert.deepEqual(starts, ['TCP ', 'TCP ']);
    assert.ok(file.some((line) => / 0A090001 0050 0A01000[BC] 0050 /.test(line)));
    assert.equal(statSync(path.join(directory, 'net/ip_vs_conn')).mode & 0o777, 0o640);
  });

  test('the page has the figures of the engine too', async () => {
    const ours = await page(METRICS_PLACE);
    for (const pattern of [
      /^uipvs_packets_total\{verdict="translated"\} [1-9]\d*$/m,
      /^uipvs_drops_total\{reason="table_full"\} 0$/m,
      /^uipvs_upcalls_total [1-9]\d*$/m,
      /^uipvs_upcall_duration_seconds_count [1-9]\d*$/m,
      /^uipvs_connections 2$/m,
      /^uipvs_connections_limit 1048576$/m,
      /^uipvs_service_connections_total\{local_address="10\.9\.0\.1",local_mark="",local_port="80",proto="TCP"\} 1$/m,
      /^process_cpu_seconds_total \S+$/m,
    ]) {
      assert.match(ours, pattern);
    }
  });

  test('a second uipvsd is told that the port is in use', async () => {
    const { status, stderr } = await scene.lab.exec('director', [
      process.execPath,
      new URL('../../src/bin/uipvsd.js', import.meta.url).pathname,
      ...['--socket', path.join(scene.lab.directory, 'second.sock'), '--device', 'uipvs1', '--table', '118'],
      ...['--metrics', METRICS_PLACE, '--proc-dir', 'none', '--state-dir', 'none'],
    ]);
    assert.notEqual(status, 0);
    assert.match(stderr, /metrics cannot be served on 127\.0\.0\.1:9201: the port is in use/);
  });

  test('the files go when uipvsd ends', async () => {
    assert.ok(existsSync(path.join(directory, 'net/ip_vs')));
    await scene.uipvs.stop();
    assert.equal(existsSync(path.join(directory, 'net')), false);
  });
});
