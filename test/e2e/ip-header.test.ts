/**
 * Theory of operation: each case is one UDP datagram to a VIP, told from the others by its source port, sent as bytes
 * past the client's IP and recorded where it arrives: at the real server, with what it should look like there, or not at
 * all. The other way the real server sends the same as its reply. What is expected is what a kernel with ip_vs did with the
 * same bytes (Linux 6.1, NAT, VIP on the director).
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CLIENT, realServer, VIP } from '../lab/topology.js';
import { isOnWire } from '../lab/uipvs-process.js';
import { type Dissection, dissect, type Extension, portsOf } from './support/dissection.js';
import { FrameSender } from './support/frame-sender.js';
import * as build from './support/frames.js';
import { readPackets } from './support/packets.js';
import { Scene } from './support/scene.js';

const VPORT = 7000;
/** The real server has nothing here but its answer, port unreachable. */
const PORT = 7001;
const FIRST_PORT = 20_000;
const DONT_FRAGMENT = 0x4000;
const [HOP_BY_HOP, ROUTING, DESTINATION_OPTIONS] = [0, 43, 60];
const ATOMIC: Extension = {
  protocol: build.PROTOCOL.fragment6,
  bytes: Buffer.from([0, 0, 0, 0, 0, 0, 0, 9]),
};

interface Case {
  readonly name: string;
  readonly fields4?: build.Ipv4Fields;
  readonly fields6?: build.Ipv6Fields;
  /** What the packet is at the other end; null: it does not arrive. */
  readonly arrives:
    | (Partial<
        Pick<Dissection, 'trafficClass' | 'hopLimit' | 'identification' | 'fragment' | 'flowLabel'>
      > & {
        readonly options?: readonly number[];
        readonly extensions?: readonly Extension[];
      })
    | null;
  /** The type of the ICMP message that the sender gets; the datagram is then not refused by the real server itself. */
  readonly refusedBy?: number;
  /** Of time stamps, whose value is nobody's to foretell: how many are set, in an option of 4 bytes and 4 a stamp. */
  readonly stamps?: number;
  /** Of requests alone: the reply is not the director's to process. */
  readonly isOneWay?: boolean;
}

function extension(protocol: number, ...bytes: readonly number[]): Extension {
  return { protocol, bytes: Buffer.from([0, (bytes.length + 2) / 8 - 1, ...bytes]) };
}

const PADDING = [1, 4, 0, 0, 0, 0];
const ROUTED = [...build.addressBytes(realServer(1).ipv6)];

function kept(name: string, ...options: readonly number[]): Case {
  return { name, fields4: { options: Buffer.from(options) }, arrives: { options } };
}

function chained(name: string, ...extensions: readonly Extension[]): Case {
  return { name, fields6: { extensions }, arrives: { extensions } };
}

const TRAFFIC_CLASSES = [0x01, 0x02, 0x03, 0x04, 0x28, 0xb8, 0xbb, 0xe0, 0xff];

const CASES: readonly Case[] = [
  ...TRAFFIC_CLASSES.map((trafficClass) => ({
    name: `DSCP and ECN of 0x${trafficClass.toString(16).padStart(2, '0')}, IPv4`,
    fields4: { trafficClass },
    arrives: { trafficClass },
  })),
  ...TRAFFIC_CLASSES.map((trafficClass) => ({
    name: `DSCP and ECN of 0x${trafficClass.toString(16).padStart(2, '0')}, IPv6`,
    fields6: { trafficClass },
    arrives: { trafficClass },
  })),
  ...[2, 3, 64, 128, 254, 255].flatMap((limit) => [
    { name: `a TTL of ${limit}`, fields4: { ttl: limit }, arrives: { hopLimit: limit - 1 } },
    { name: `a hop limit of ${limit}`, fields6: { hopLimit: limit }, arrives: { hopLimit: limit - 1 } },
  ]),
  { name: 'a TTL of 1', fields4: { ttl: 1 }, arrives: null, refusedBy: 11 },
  { name: 'a hop limit of 1', fields6: { hopLimit: 1 }, arrives: null, refusedBy: 3 },
  {
    name: '"do not fragment"',
    fields4: { fragment: DONT_FRAGMENT, identification: 0 },
    arrives: { fragment: DONT_FRAGMENT, identification: 0 },
  },
  {
    name: 'an identification',
    fields4: { fragment: 0, identification: 0xbeef },
    arrives: { fragment: 0, identification: 0xbeef },
  },
  { name: 'a flow label', fields6: { flowLabel: 0x12345 }, arrives: { flowLabel: 0x12345 } },

  kept('router alert', 0x94, 4, 0, 0),
  kept('options that do nothing', 1, 1, 1, 0),
  kept('an option that nobody knows', 0x5e, 4, 1, 2),
  // Taken from the wire the director is one hop, as in the kernel; by the TUN device, into which the kernel routes the packet
  // and out of which it routes it again, it is two.
  {
    name: 'record route with room for two',
    fields4: { options: Buffer.from([7, 11, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]) },
    arrives: {
      options: isOnWire() ? [7, 11, 8, 10, 1, 0, 1, 0, 0, 0, 0, 0] : [7, 11, 12, 10, 0, 0, 1, 10, 1, 0, 1, 0],
    },
    isOneWay: true,
  },
  {
    name: 'time stamps with room for two',
    fields4: { options: Buffer.from([68, 12, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0]) },
    arrives: {},
    stamps: isOnWire() ? 1 : 2,
    isOneWay: true,
  },
  {
    name: 'a full record route',
    fields4: { options: Buffer.from([7, 7, 8, 1, 2, 3, 4, 0]) },
    arrives: { options: [7, 7, 8, 1, 2, 3, 4, 0] },
  },
  {
    name: 'a loose source route',
    fields4: { options: Buffer.from([0x83, 7, 4, 10, 1, 0, 11, 0]) },
    arrives: null,
  },
  {
    name: 'a strict source route',
    fields4: { options: Buffer.from([0x89, 7, 4, 10, 1, 0, 11, 0]) },
    arrives: null,
  },
  {
    name: 'an option longer than the header',
    fields4: { options: Buffer.from([7, 40, 4, 0]) },
    arrives: null,
    refusedBy: 12,
  },

  chained('hop-by-hop options', extension(HOP_BY_HOP, ...PADDING)),
  chained('router alert in hop-by-hop options', extension(HOP_BY_HOP, 5, 2, 0, 0, 1, 0)),
  chained('a hop-by-hop option that may be ignored', extension(HOP_BY_HOP, 0x1e, 4, 0, 0, 0, 0)),
  {
    name: 'a hop-by-hop option that must be refused',
    fields6: { extensions: [extension(HOP_BY_HOP, 0xde, 4, 0, 0, 0, 0)] },
    arrives: null,
    refusedBy: 4,
  },
  chained('destination options', extension(DESTINATION_OPTIONS, ...PADDING)),
  chained(
    'a destination option that is the real server to refuse',
    extension(DESTINATION_OPTIONS, 0xde, 4, 0, 0, 0, 0),
  ),
  chained('a used routing header of type 0', extension(ROUTING, 0, 0, 0, 0, 0, 0, ...ROUTED)),
  chained('a routing header of type 0', extension(ROUTING, 0, 1, 0, 0, 0, 0, ...ROUTED)),
  chained('a used routing header of type 2', extension(ROUTING, 2, 0, 0, 0, 0, 0, ...ROUTED)),
  chained('a routing header of type 2', extension(ROUTING, 2, 1, 0, 0, 0, 0, ...ROUTED)),
  chained(
    'four extension headers',
    extension(HOP_BY_HOP, ...PADDING),
    extension(DESTINATION_OPTIONS, ...PADDING),
    extension(ROUTING, 0, 0, 0, 0, 0, 0, ...ROUTED),
    extension(DESTINATION_OPTIONS, ...PADDING),
  ),
  chained('nine extension headers', ...Array<Extension>(9).fill(extension(DESTINATION_OPTIONS, ...PADDING))),
  chained(
    'hop-by-hop options in the wrong place',
    extension(DESTINATION_OPTIONS, ...PADDING),
    extension(HOP_BY_HOP, ...PADDING),
  ),
  {
    // Differs from the kernel, which takes it away; a host takes the datagram for whole either way (RFC 6946).
    name: 'a fragment header on a whole datagram',
    fields6: { extensions: [ATOMIC] },
    arrives: { extensions: [ATOMIC] },
  },
];

/** The parts of `packet` that `wanted` speaks of, in its form. */
function likeness(packet: Dissection, wanted: NonNullable<Case['arrives']>): NonNullable<Case['arrives']> {
  const whole = { ...packet, options: [...packet.options] };
  return Object.fromEntries(
    Object.keys(wanted).map((key) => [key, whole[key as keyof typeof whole]]),
  ) as NonNullable<Case['arrives']>;
}

describe('the IP header of a balanced packet', () => {
  let scene: Scene;
  let atServer: Dissection[] = [];
  let atClient: Dissection[] = [];

  function datagram(one: Case, index: number, way: 'request' | 'reply'): Buffer {
    const is4 = one.fields6 === undefined;
    const [cip, vip, rip] = is4
      ? [CLIENT.ipv4, VIP.ipv4, realServer(1).ipv4]
      : [CLIENT.ipv6, VIP.ipv6, realServer(1).ipv6];
    const near = { address: cip, port: FIRST_PORT + index };
    const far = way === 'request' ? { address: vip, port: VPORT } : { address: rip, port: PORT };
    const [from, to] = way === 'request' ? [near, far] : [far, near];
    const ip = { source: build.addressBytes(from.address), destination: build.addressBytes(to.address) };
    const segment = build.udp({
      sourcePort: from.port,
      destinationPort: to.port,
      data: Buffer.from(`case ${index}`),
    });
    return is4 ? build.ipv4(ip, segment, one.fields4) : build.ipv6(ip, segment, one.fields6);
  }

  async function packetsOf(file: string): Promise<Dissection[]> {
    return (await readPackets(file)).map((frame) => dissect(frame)).filter((packet) => packet !== null);
  }

  function plain(one: Case): Case {
    return one.fields6 === undefined ? { ...one, fields4: {} } : { ...one, fields6: {} };
  }

  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    for (const vip of [VIP.ipv4, VIP.ipv6]) await scene.balance('udp', vip, VPORT, { to: PORT });
    const [client, server] = [await FrameSender.start(scene.lab), await FrameSender.start(scene.lab, 'rs1')];
    const file = (name: string) => path.join(scene.lab.directory, `${name}.pcap`);
    const captures = [
      await scene.lab.capture('rs1', 'eth0', file('rs1')),
      await scene.lab.capture('client', 'eth0', file('client')),
    ];
    const send = async (sender: FrameSender, way: 'request' | 'reply', isPlain: boolean) => {
      for (const [index, one] of CASES.entries()) {
        const packet = datagram(isPlain ? plain(one) : one, index, way);
        await sender.send(one.fields6 === undefined ? 4 : 6, [packet]);
      }
    };
    await send(client, 'request', false);
    // Replies need connections, also of the cases that were not to arrive.
    await send(client, 'request', true);
    await scene.lab.run('client', ['ping', '-c', '1', '-q', VIP.ipv4]);
    await send(server, 'reply', false);
    await scene.lab.run('rs1', ['ping', '-c', '1', '-q', CLIENT.ipv4]);
    await Promise.all(captures.map((capture) => capture.stop()));
    [atServer, atClient] = [await packetsOf(file('rs1')), await packetsOf(file('client'))];
  });
  after(() => scene.close());

  /** What came of case `index` from the other side, in order, apart from the plain datagrams. */
  function arrivals(
    packets: readonly Dissection[],
    index: number,
    side: 'source' | 'destination',
    rip: string,
  ) {
    const other = build.addressBytes(rip);
    return packets.filter(
      (packet) =>
        portsOf(packet)?.[side] === FIRST_PORT + index &&
        packet.protocol === build.PROTOCOL.udp &&
        (side === 'source' ? packet.destination : packet.source).equals(other),
    );
  }

  for (const [index, one] of CASES.entries()) {
    const isIpv6 = one.fields6 !== undefined;
    test(`${one.name}: ${one.arrives === null ? 'is refused' : 'arrives as the kernel sends it on'}`, () => {
      const rip = isIpv6 ? realServer(1).ipv6 : realServer(1).ipv4;
      const came = arrivals(atServer, index, 'source', rip);
      // The plain datagram, sent second, comes in any case.
      assert.equal(came.length, one.arrives === null ? 1 : 2, `${came.length} datagrams came`);
      if (one.arrives !== null) assert.deepEqual(likeness(came[0]!, one.arrives), one.arrives);
      if (one.stamps !== undefined) {
        assert.equal(came[0]?.options[2], 5 + 4 * one.stamps, 'the pointer behind the last stamp');
        assert.ok(came[0]!.options.subarray(4 + 4 * one.stamps).every((byte) => byte === 0));
      }
      if (one.refusedBy !== undefined) {
        const port = Buffer.alloc(2);
        port.writeUInt16BE(FIRST_PORT + index);
        const protocol = isIpv6 ? build.PROTOCOL.icmp6 : build.PROTOCOL.icmp;
        const words = atClient
          .filter((packet) => packet.protocol === protocol && packet.transport.includes(port))
          .map(({ transport }) => transport[0]);
        assert.ok(words.includes(one.refusedBy), `the client was told ${words}`);
      }
    });

    if (one.arrives !== null && one.isOneWay !== true) {
      test(`${one.name}: arrives so from the real server, too`, () => {
        const vip = isIpv6 ? VIP.ipv6 : VIP.ipv4;
        const came = arrivals(atClient, index, 'destination', vip);
        assert.equal(came.length, 1, `${came.length} replies came`);
        assert.deepEqual(likeness(came[0]!, one.arrives!), one.arrives);
        assert.equal(portsOf(came[0]!)?.source, VPORT);
      });
    }
  }
});
