/**
 * Theory of operation: the same traffic with each offload off at each place in turn. What arrives at the client and at
 * the real server is recorded there and judged from its bytes, since a kernel does not verify what it believes to come
 * from its own machine. The table of the combinations that were run is the list of the tests.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import { type Inspection, inspect } from './support/inspection.js';
import { OFFLOAD_ROWS, type OffloadRow, setOffloadRow } from './support/offload-table.js';
import { readPackets } from './support/packets.js';
import type { Peer } from './support/peer.js';
import { pythonProgram } from './support/program.js';
import { Scene } from './support/scene.js';

const VPORT = 7777;
const BULK = 'through every offload '.repeat(5000);
const VIPS = [VIP.ipv4, VIP.ipv6] as const;
/** Fewer than a new flow may have waiting for the scheduler. */
const SEGMENTS = 12;
const SEGMENT_BYTES = '1200';

describe('every checksum is right at the receivers', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    client = await scene.peer();
    for (const vip of VIPS) {
      await scene.balance('tcp', vip, VPORT, { to: 7 });
      await scene.balance('udp', vip, VPORT, { to: 7 });
    }
  });
  after(() => scene.close());

  /** TCP in bulk both ways, UDP small and segmented by the kernel, and a datagram without a checksum. */
  async function exchange(): Promise<void> {
    for (const vip of VIPS) {
      const connection = await client.connect(vip, VPORT);
      assert.equal(await connection.exchange(BULK), BULK);
      assert.equal(await connection.exchange('odd'), 'odd');
      await connection.close();
      assert.equal(await (await client.datagrams(vip, VPORT)).ask('datagram'), 'datagram');
    }
    const python = (program: string, ...words: readonly string[]) =>
      scene.lab.run('client', ['python3', pythonProgram(program), ...words]);
    const [none, ...segmented] = await Promise.all([
      python('udp_without_checksum.py', VIP.ipv4, String(VPORT), 'none'),
      ...VIPS.map((vip) => python('udp_segmented.py', vip, String(VPORT), String(SEGMENTS), SEGMENT_BYTES)),
    ]);
    assert.equal(none, 'none');
    assert.deepEqual(segmented, [`${SEGMENTS}\n`, `${SEGMENTS}\n`]);
  }

  function describeWrong({ protocol, source, destination, bytes, checksum }: Inspection): string {
    return `${protocol} ${source} > ${destination}, ${bytes} bytes, checksum ${checksum}`;
  }

  /** Packets that arrived at a machine, from what was recorded there. */
  async function arrivals(file: string, own: readonly string[]): Promise<Inspection[]> {
    const packets = (await readPackets(file))
      .map((frame) => inspect(frame))
      .filter((packet) => packet !== null);
    return packets.filter((packet) => own.includes(packet.destination));
  }

  async function assertRight(row: OffloadRow, device: string, client: readonly string[]): Promise<void> {
    const file = (host: string) => path.join(scene.lab.directory, `${row.name}-${device}-${host}.pcap`);
    // tcpdump makes room for super-packets only where the device can make some itself when it opens it.
    await setOffloadRow(scene.lab, OFFLOAD_ROWS[0]!);
    const captures = await Promise.all([
      scene.lab.capture('client', device, file('client')),
      scene.lab.capture('rs1', 'eth0', file('rs1')),
    ]);
    await setOffloadRow(scene.lab, row);
    await exchange();
    await Promise.all(captures.map((capture) => capture.stop()));
    const sides = [
      await arrivals(file('client'), client),
      await arrivals(file('rs1'), ['10.1.0.11', 'fd01::11']),
    ];
    for (const packets of sides) {
      for (const protocol of ['tcp', 'udp']) {
        for (const family of [4, 6]) {
          const some = packets.filter((packet) => packet.protocol === protocol && packet.family === family);
          assert.ok(some.length > 0, `no ${protocol} over IPv${family} was recorded`);
        }
      }
      const wrong = packets.filter(
        ({ checksum, isIpHeaderRight }) => checksum === 'wrong' || !isIpHeaderRight,
      );
      assert.deepEqual(wrong.map(describeWrong), []);
    }
  }

  for (const row of OFFLOAD_ROWS) {
    test(`with ${row.name}`, () => assertRight(row, 'eth0', ['10.0.0.2', 'fd00::2']));
  }

  test('with the client in a VLAN', async (context) => {
    const add = ['ip', 'link', 'add', 'link', 'eth0', 'name', 'eth0.10', 'type', 'vlan', 'id', '10'];
    const { status, stderr } = await scene.lab.exec('client', add);
    if (status !== 0) {
      context.skip(`this kernel has no VLAN devices (8021q): ${stderr.trim()}`);
      return;
    }
    await scene.lab.ip('director', [
      'link add link client0 name client0.10 type vlan id 10',
      'link set client0.10 up',
      'address add 10.10.0.1/24 dev client0.10',
      'address add fd10::1/64 dev client0.10 nodad',
    ]);
    await scene.lab.ip('client', [
      'link set eth0.10 up',
      'address add 10.10.0.2/24 dev eth0.10',
      'address add fd10::2/64 dev eth0.10 nodad',
      'route replace default via 10.10.0.1',
      'route replace ::/0 via fd10::1',
    ]);
    await assertRight(OFFLOAD_ROWS[0]!, 'eth0.10', ['10.10.0.2', 'fd10::2']);
  });
});
