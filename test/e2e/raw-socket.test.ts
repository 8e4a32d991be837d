/**
 * What a client's program can make with a raw socket, and no library of its kernel's would: any ICMP message, and UDP of
 * any port without a socket for it. Bytes that come back are compared with what was sent.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../lab/poll.js';
import { CLIENT, VIP } from '../lab/topology.js';
import * as build from './support/frames.js';
import { kernelCounter } from './support/kernel-counters.js';
import { exchangeRaw } from './support/raw-sender.js';
import { Scene } from './support/scene.js';

const VPORT = 7777;
const FIRST_PORT = 20_000;
const FLOWS = 300;
const SERVERS = ['rs1', 'rs2', 'rs3'] as const;

const FAMILIES = [
  { family: 4, vip: VIP.ipv4, cip: CLIENT.ipv4, echo: [8, 0], unreachable: [3, 3], protocol: 1 },
  { family: 6, vip: VIP.ipv6, cip: CLIENT.ipv6, echo: [128, 129], unreachable: [1, 4], protocol: 58 },
] as const;

/** The same with the checksum in it. */
function completed(segment: build.Segment, family: 4 | 6, source: string, destination: string): Buffer {
  const ip = { source: build.addressBytes(source), destination: build.addressBytes(destination) };
  return family === 4 ? build.ipv4(ip, segment).subarray(20) : build.ipv6(ip, segment).subarray(40);
}

describe('packets that a client makes by raw-socket', () => {
  let scene: Scene;
  before(async () => {
    scene = await Scene.open();
    for (const { vip } of FAMILIES) await scene.balance('udp', vip, VPORT, { to: 7 });
  });
  after(() => scene.close());

  for (const { family, vip, cip, echo, unreachable, protocol } of FAMILIES) {
    const [request, reply] = echo;

    test(`an echo request of any length comes back with its identifier, number and data, IPv${family}`, async () => {
      const bodies = [...Array(40).keys(), 1000, 1399, 1400, 3001, 20_000].map((length, index) =>
        Buffer.concat([
          Buffer.from([0xbe, 0xef, index >> 8, index & 0xff]),
          Buffer.alloc(length, `${length} `),
        ]),
      );
      const packets = bodies.map((body) => completed(build.icmp(family, request, 0, body), family, cip, vip));
      const expected = bodies.map((body) => completed(build.icmp(family, reply, 0, body), family, vip, cip));
      const received = await exchangeRaw(scene.lab, 'client', {
        protocol,
        to: vip,
        packets,
        replies: packets.length,
      });
      const asText = (all: readonly Buffer[]) => all.map((packet) => packet.toString('hex')).toSorted();
      assert.deepEqual(asText(received), asText(expected));
    });

    test(`datagrams of ${FLOWS} ports are answered one by one, by every real server the same number, IPv${family}`, async () => {
      const ports = Array.from({ length: FLOWS }, (_, index) => FIRST_PORT + index);
      const data = Buffer.from('name?');
      const packets = ports.map((sourcePort) =>
        completed(build.udp({ sourcePort, destinationPort: VPORT, data }), family, cip, vip),
      );
      const exchange = { protocol: build.PROTOCOL.udp, to: vip, packets, replies: FLOWS };
      const received = await exchangeRaw(scene.lab, 'client', exchange);
      assert.deepEqual([...new Set(received.map((datagram) => datagram.readUInt16BE(0)))], [VPORT]);
      assert.deepEqual(received.map((datagram) => datagram.readUInt16BE(2)).toSorted(), ports);
      const names = received.map((datagram) => datagram.subarray(8).toString());
      for (const server of SERVERS)
        assert.equal(names.filter((name) => name === server).length, FLOWS / SERVERS.length, server);
    });

    test(`a refusal of a reply reaches the real server that sent it, and no other, IPv${family}`, async () => {
      const port = 30_000 + 2 * family;
      const flow = await (await scene.peer('client', `flow${family}`)).datagrams(vip, VPORT, port);
      const server = await flow.ask('name?');
      const name = family === 4 ? 'IcmpInDestUnreachs' : 'Icmp6InDestUnreachs';
      const before = await Promise.all(SERVERS.map((host) => kernelCounter(scene.lab, host, name)));
      const quote = (destinationPort: number): Buffer => {
        const datagram = build.udp({ sourcePort: VPORT, destinationPort, data: Buffer.from('name?') });
        const ip = { source: build.addressBytes(vip), destination: build.addressBytes(cip) };
        const quoted = family === 4 ? build.ipv4(ip, datagram) : build.ipv6(ip, datagram);
        const body = Buffer.concat([Buffer.alloc(4), quoted]);
        return completed(build.icmp(family, unreachable[0], unreachable[1], body), family, cip, vip);
      };
      // The first concerns nobody's flow.
      const packets = [quote(port + 1), quote(port)];
      await exchangeRaw(scene.lab, 'client', { protocol, to: vip, packets, replies: 0 });
      const expected = before.map((count, index) => count + (SERVERS[index] === server ? 1 : 0));
      await until(`${server} to count the refusal`, 2000, async () => {
        const now = await Promise.all(SERVERS.map((host) => kernelCounter(scene.lab, host, name)));
        return now.join() === expected.join();
      });
    });
  }

  test('a datagram without a checksum is answered', async () => {
    const data = Buffer.from('no sum');
    const datagram = build.withoutChecksum(
      build.udp({ sourcePort: 31_000, destinationPort: VPORT, data }),
    ).bytes;
    const exchange = { protocol: build.PROTOCOL.udp, to: VIP.ipv4, packets: [datagram], replies: 1 };
    const [reply] = await exchangeRaw(scene.lab, 'client', exchange);
    assert.equal(reply?.subarray(8).toString(), 'no sum');
  });
});
