/**
 * Theory of operation: both ends of the path are recorded while traffic of every kind passes, then each packet is
 * judged from its bytes: the IP header and the transport checksum are computed anew, and the addresses and ports must be
 * those of that side: CIP and VIP at the client, CIP and RIP at the real server. The port of the service is not that of
 * the server, so a port that was not translated shows.
 *
 * A capture at a sender sees what its device is yet to complete, so a partial checksum is right exactly where the
 * packet's way so far had checksum offload: `tx` at its sender, and `tx` at the director for what the director sends.
 * With merging on arrival (`gro`) a completed TCP checksum may become partial again.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CLIENT, realServer, VIP } from '../lab/topology.js';
import { type Inspection, inspect, isNeighbourDiscovery } from './support/inspection.js';
import { OFFLOAD_CASES, type OffloadCase, setOffloads } from './support/offloads.js';
import { readPackets } from './support/packets.js';
import type { Peer } from './support/peer.js';
import { endpoint, Scene } from './support/scene.js';

const HTTP_VPORT = 8080;
const ECHO_VPORT = 7777;
const BULK_BYTES = 1_000_000;

interface Side {
  readonly packets: readonly Inspection[];
  readonly near: string;
  readonly far: string;
  readonly farPorts: readonly number[];
}

const FAMILIES = [
  { family: 4, vip: VIP.ipv4, cip: CLIENT.ipv4, rip: realServer(1).ipv4 },
  { family: 6, vip: VIP.ipv6, cip: CLIENT.ipv6, rip: realServer(1).ipv6 },
] as const;

/** TCP in bulk both ways and in small pieces, UDP, and ping, of both families. */
async function exchangeEverything(scene: Scene, client: Peer): Promise<void> {
  for (const { vip } of FAMILIES) {
    const url = `http://${endpoint(vip, HTTP_VPORT)}/bytes/${BULK_BYTES}`;
    assert.equal((await scene.lab.run('client', ['curl', '-sS', '-g', url])).length, BULK_BYTES);
    const echo = await client.connect(vip, ECHO_VPORT);
    const text = 'bulk to the server '.repeat(20_000);
    assert.equal(await echo.exchange(text, 10_000), text);
    for (let length = 1; length <= 20; length += 1) await echo.exchange('s'.repeat(length));
    await echo.close();
    const flow = await client.datagrams(vip, ECHO_VPORT);
    for (const length of [0, 1, 2, 3, 100, 1399, 1400]) await flow.ask('u'.repeat(length));
    await assert.rejects((await client.datagrams(vip, 9)).ask('nobody'), { code: 'ECONNREFUSED' });
    assert.equal((await client.refusal(vip, 9)).code, 'ECONNREFUSED');
    await scene.lab.run('client', ['ping', '-c', '2', '-i', '0.01', '-s', '101', '-q', vip]);
  }
}

async function record(
  scene: Scene,
  client: Peer,
  offloads: OffloadCase,
  name: string,
): Promise<{ client: Inspection[]; server: Inspection[] }> {
  // tcpdump makes room for super-packets only where the device can make some itself when it opens it.
  await setOffloads(scene.lab, OFFLOAD_CASES[0]!);
  const file = (host: string) => path.join(scene.lab.directory, `${name}-${host}.pcap`);
  const captures = await Promise.all([
    scene.lab.capture('client', 'eth0', file('client')),
    scene.lab.capture('rs1', 'eth0', file('rs1')),
  ]);
  await setOffloads(scene.lab, offloads);
  await exchangeEverything(scene, client);
  await Promise.all(captures.map((capture) => capture.stop()));
  const [atClient = [], atServer = []] = await Promise.all(
    captures.map(async (capture) =>
      (await readPackets(capture.file))
        .map((frame) => inspect(frame))
        .filter((packet) => packet !== null)
        .filter((packet) => !isNeighbourDiscovery(packet)),
    ),
  );
  return { client: atClient, server: atServer };
}

function describePacket(packet: Inspection): string {
  const { protocol, source, sourcePort, destination, destinationPort, bytes, checksum, isIpHeaderRight } =
    packet;
  const header = isIpHeaderRight ? 'right' : 'WRONG';
  return `${protocol} ${source} ${sourcePort} > ${destination} ${destinationPort}, ${bytes} bytes, IP header ${header}, checksum ${checksum}`;
}

function assertEveryChecksum(packets: readonly Inspection[]): void {
  const wrong = packets.filter(({ checksum, isIpHeaderRight }) => checksum === 'wrong' || !isIpHeaderRight);
  assert.deepEqual(wrong.map(describePacket), []);
}

/** Every packet goes between `near` and `far`, and TCP and UDP of `far` only from `farPorts`. */
function assertEveryAddress({ packets, near, far, farPorts }: Side): void {
  const strangers = packets.filter((packet) => {
    const isFromFar = packet.source === far && packet.destination === near;
    const isToFar = packet.source === near && packet.destination === far;
    const hasPorts = packet.protocol === 'tcp' || packet.protocol === 'udp';
    const farPort = isFromFar ? packet.sourcePort : packet.destinationPort;
    return !(isFromFar || isToFar) || (hasPorts && !farPorts.includes(farPort));
  });
  assert.deepEqual(strangers.map(describePacket), []);
}

function has(packets: readonly Inspection[], protocol: string, source: string, kind: string): boolean {
  return packets.some(
    (packet) => packet.protocol === protocol && packet.source === source && packet.checksum === kind,
  );
}

/** Whether TCP and UDP from a sender with and then through a director with these offloads arrives partial. */
function expectedKinds(
  sender: OffloadCase['client'],
  director: OffloadCase['client'] | null,
  protocol: 'tcp' | 'udp',
) {
  const merges = protocol === 'tcp' && director?.gro === true;
  const isPartial = (sender.tx === true || merges) && director?.tx !== false;
  return { isPartial };
}

describe('every checksum and address', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    client = await scene.peer();
    for (const { vip } of FAMILIES) {
      await scene.balance('tcp', vip, HTTP_VPORT, { to: 80 });
      await scene.balance('tcp', vip, ECHO_VPORT, { to: 7 });
      await scene.balance('udp', vip, ECHO_VPORT, { to: 7 });
    }
  });
  after(() => scene.close());

  for (const [index, offloads] of OFFLOAD_CASES.entries()) {
    describe(`with offloads ${offloads.name}`, () => {
      let atClient: Inspection[] = [];
      let atServer: Inspection[] = [];
      before(async () => {
        ({ client: atClient, server: atServer } = await record(scene, client, offloads, `case-${index}`));
      });

      test('is right on every packet at both ends', () => {
        assertEveryChecksum(atClient);
        assertEveryChecksum(atServer);
      });

      for (const { family, vip, cip, rip } of FAMILIES) {
        const of = (packets: readonly Inspection[]) => packets.filter((packet) => packet.family === family);

        test(`belongs to its side, IPv${family}`, () => {
          const sides = [
            { packets: of(atClient), near: cip, far: vip, farPorts: [HTTP_VPORT, ECHO_VPORT, 9] },
            { packets: of(atServer), near: cip, far: rip, farPorts: [80, 7] },
          ];
          for (const side of sides) {
            assert.ok(side.packets.length > 50, `only ${side.packets.length} packets were recorded`);
            assertEveryAddress(side);
          }
        });

        test(`is complete and partial where it should be, IPv${family}`, () => {
          const ways = [
            { at: atClient, source: cip, sender: offloads.client, director: null },
            { at: atServer, source: cip, sender: offloads.client, director: offloads.director },
            { at: atServer, source: rip, sender: offloads.server, director: null },
            { at: atClient, source: vip, sender: offloads.server, director: offloads.director },
          ];
          for (const protocol of ['tcp', 'udp'] as const) {
            const seen = ways.map(({ at, source }) => has(of(at), protocol, source, 'partial'));
            const expected = ways.map(
              ({ sender, director }) => expectedKinds(sender, director, protocol).isPartial,
            );
            assert.deepEqual(seen, expected, `partial ${protocol} checksums, by way`);
          }
        });
      }

      test('of ICMP is complete both ways', () => {
        for (const { family, vip, cip } of FAMILIES) {
          const protocol = family === 4 ? 'icmp' : 'icmp6';
          assert.ok(has(atClient, protocol, cip, 'complete'));
          assert.ok(has(atClient, protocol, vip, 'complete'));
        }
      });
    });
  }
});
