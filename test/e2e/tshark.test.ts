/**
 * Theory of operation: traffic of every kind passes while both ends are recorded, without offloads, so that each packet is
 * whole where it is recorded; then tshark, a stranger to this project, verifies every checksum and takes every packet apart.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { requirements } from '../lab/requirements.js';
import { VIP } from '../lab/topology.js';
import { OFFLOAD_CASES, setOffloads } from './support/offloads.js';
import type { Peer } from './support/peer.js';
import { endpoint, Scene } from './support/scene.js';
import { readByTshark, type TsharkReport, type VerifiedProtocol } from './support/tshark.js';
import { startVsftpd } from './support/vsftpd.js';

const HTTP_VPORT = 8080;
const MASQUERADED_VPORT = 8081;
const ECHO_VPORT = 7777;
const BULK_BYTES = 300_000;
const FILE = Buffer.alloc(100_000, 'a file ');
/** Edits of the control connection that lengthen it, both ways, and data connections of either side. */
const FTP_MODES = [[], ['--ftp-port', '-']];
/** How many of each there must be at least, for an opinion. */
const LEAST: Readonly<Record<VerifiedProtocol, number>> = { ip: 200, tcp: 200, udp: 10, icmp: 2, icmpv6: 4 };

describe('tshark on a capture of every kind of traffic', () => {
  let scene: Scene;
  const reports: Partial<Record<'client' | 'rs1', TsharkReport>> = {};

  async function makeTraffic(client: Peer, vip: string): Promise<void> {
    for (const port of [HTTP_VPORT, MASQUERADED_VPORT]) {
      const url = `http://${endpoint(vip, port)}/bytes/${BULK_BYTES}`;
      assert.equal((await scene.lab.run('client', ['curl', '-sS', '-g', url])).length, BULK_BYTES);
    }
    const echo = await client.connect(vip, ECHO_VPORT);
    for (const text of ['s', 'small', 'long '.repeat(20_000)]) assert.equal(await echo.exchange(text), text);
    await echo.close();
    const flow = await client.datagrams(vip, ECHO_VPORT);
    for (const length of [0, 1, 1400, 5000, 9001]) {
      const text = 'u'.repeat(length);
      assert.equal(await flow.ask(text), text);
    }
    for (const mode of FTP_MODES) {
      const url = `ftp://${vip.includes(':') ? `[${vip}]` : vip}/file`;
      const words = ['curl', '-sS', '-g', '--max-time', '20', ...mode, url];
      assert.equal(await scene.lab.run('client', words), FILE.toString());
    }
    // The real server's kernel refuses, and the director.
    for (const port of [4444, 9])
      await assert.rejects((await client.datagrams(vip, port)).ask('nobody'), { code: 'ECONNREFUSED' });
    await scene.lab.run('client', ['ping', '-c', '2', '-i', '0.01', '-s', '3001', '-q', vip]);
  }

  before(async () => {
    const missing = requirements(['tshark', 'vsftpd']);
    if (missing !== null) throw new Error(missing);
    scene = await Scene.open({ realServers: 1 });
    await startVsftpd(scene.lab, 'rs1', { file: FILE });
    const off = OFFLOAD_CASES.find(({ name }) => name === 'everything off')!;
    await setOffloads(scene.lab, off);
    for (const vip of [VIP.ipv4, VIP.ipv6]) {
      await scene.balance('tcp', vip, HTTP_VPORT, { to: 80 });
      await scene.balance('tcp', vip, 21, { to: 21 });
      await scene.balance('tcp', vip, ECHO_VPORT, { to: 7 });
      await scene.balance('udp', vip, ECHO_VPORT, { to: 7 });
      await scene.balance('udp', vip, 4444, { to: 4444 });
      const masqueraded = endpoint(vip, MASQUERADED_VPORT);
      await scene.adm('-A', '-t', masqueraded, '-s', 'rr', '--masquerade', 'all');
      await scene.adm('-a', '-t', masqueraded, '-r', scene.destination(vip, 1, 80), '-m');
    }
    const file = (host: string) => path.join(scene.lab.directory, `${host}.pcap`);
    const hosts = ['client', 'rs1'] as const;
    const captures = await Promise.all(hosts.map((host) => scene.lab.capture(host, 'eth0', file(host))));
    const client = await scene.peer();
    for (const vip of [VIP.ipv4, VIP.ipv6]) await makeTraffic(client, vip);
    await Promise.all(captures.map((capture) => capture.stop()));
    for (const host of hosts) reports[host] = await readByTshark(file(host));
  });
  after(() => scene.close());

  for (const host of ['client', 'rs1'] as const) {
    test(`finds no bad checksum and nothing malformed at ${host}`, () => {
      assert.deepEqual(reports[host]?.complaints, []);
    });

    test(`has verified packets of all protocols at ${host}`, () => {
      const good = reports[host]?.good;
      for (const [protocol, least] of Object.entries(LEAST) as [VerifiedProtocol, number][]) {
        // Pings end at the director.
        if (host === 'rs1' && protocol.startsWith('icmp')) continue;
        assert.ok((good?.[protocol] ?? 0) >= least, `only ${good?.[protocol]} of ${protocol}`);
      }
    });

    test(`has put datagrams of fragments together at ${host}`, () => {
      assert.ok((reports[host]?.reassembled ?? 0) >= 8, `only ${reports[host]?.reassembled}`);
    });
  }
});
