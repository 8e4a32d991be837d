/** Packets that no honest host sends, to a VIP that has services on TCP and UDP port 80. */
import { CLIENT, realServer, VIP } from '../../lab/topology.js';
import type { Fate } from './corpus-draft.js';
import * as build from './frames.js';
import { fateOfMalformed } from './malformed-fates.js';

export interface MalformedPacket {
  readonly name: string;
  readonly family: 4 | 6;
  readonly packet: Buffer;
  readonly fate: Fate;
}

const IP4 = { source: build.addressBytes(CLIENT.ipv4), destination: build.addressBytes(VIP.ipv4) };
const IP6 = { source: build.addressBytes(CLIENT.ipv6), destination: build.addressBytes(VIP.ipv6) };
const MORE_FRAGMENTS = 0x2000;
const OPTIONS6 = 60;
const HOP_BY_HOP = 0;
const ROUTING = 43;

function from4(source: string): build.Ip {
  return { ...IP4, source: build.addressBytes(source) };
}

function from6(source: string): build.Ip {
  return { ...IP6, source: build.addressBytes(source) };
}

/** An option header of IPv6, `units` times 8 bytes beyond its first 8, as its length field says. */
function option6(protocol: number, units = 0, bytes = 8): { protocol: number; bytes: Buffer } {
  return { protocol, bytes: Buffer.from([0, units, 1, 4, 0, 0, 0, 0, ...Buffer.alloc(bytes - 8)]) };
}

function fragment6(offset: number, hasMore: boolean): { protocol: number; bytes: Buffer } {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16BE((offset << 3) | (hasMore ? 1 : 0), 2);
  bytes.writeUInt32BE(7, 4);
  return { protocol: build.PROTOCOL.fragment6, bytes };
}

/** An ICMP error that quotes `quoted`, of which it has the first `length` bytes. */
function quoting(family: 4 | 6, quoted: Buffer, length = quoted.length): build.Segment {
  const body = Buffer.concat([Buffer.alloc(4), quoted.subarray(0, length)]);
  return build.icmp(family, family === 4 ? 3 : 1, family === 4 ? 3 : 4, body);
}

const REPLY4 = build.ipv4(
  { source: IP4.destination, destination: IP4.source },
  build.tcp({ sourcePort: 80 }),
);
const REPLY6 = build.ipv6(
  { source: IP6.destination, destination: IP6.source },
  build.tcp({ sourcePort: 80 }),
);

const IPV4: Readonly<Record<string, Buffer>> = {
  'nothing behind the Ethernet header': Buffer.alloc(0),
  'one byte': Buffer.from([0x45]),
  'half an IP header': build.ipv4(IP4, build.tcp()).subarray(0, 10),
  'version 5': build.ipv4(IP4, build.tcp(), { version: 5 }),
  'an IP header length of 0': build.ipv4(IP4, build.tcp(), { headerWords: 0 }),
  'an IP header length of 16': build.ipv4(IP4, build.tcp(), { headerWords: 4 }),
  'an IP header longer than the packet': build.ipv4(IP4, build.raw(6, Buffer.alloc(0)), { headerWords: 15 }),
  'a total length of 0': build.ipv4(IP4, build.tcp(), { totalLength: 0 }),
  'a total length shorter than the header': build.ipv4(IP4, build.tcp(), { totalLength: 19 }),
  'a total length longer than the packet': build.ipv4(IP4, build.tcp(), { totalLength: 1400 }),
  'a wrong IP checksum': build.ipv4(IP4, build.tcp(), { checksum: 0xdead }),
  'bytes behind the total length': Buffer.concat([build.ipv4(IP4, build.tcp()), Buffer.alloc(200, 0xff)]),
  'IP options that end nowhere': build.ipv4(IP4, build.tcp(), { options: Buffer.from([0x44, 40, 5, 0]) }),
  'a source route': build.ipv4(IP4, build.tcp(), { options: Buffer.from([0x83, 7, 4, 10, 1, 0, 11, 0]) }),
  'a TTL of 0': build.ipv4(IP4, build.tcp(), { ttl: 0 }),
  'a TTL of 1': build.ipv4(IP4, build.tcp(), { ttl: 1 }),
  'no TCP header': build.ipv4(IP4, build.truncated(build.tcp(), 0)),
  'half a TCP header': build.ipv4(IP4, build.truncated(build.tcp(), 10)),
  'a TCP header but for one byte': build.ipv4(IP4, build.truncated(build.tcp(), 19)),
  'a TCP data offset of 0': build.ipv4(IP4, build.tcp({ dataOffset: 0 })),
  'a TCP data offset of 4 words': build.ipv4(IP4, build.tcp({ dataOffset: 4 })),
  'a TCP data offset behind the packet': build.ipv4(IP4, build.tcp({ dataOffset: 15 })),
  'a wrong TCP checksum': build.ipv4(IP4, build.withoutChecksum(build.tcp())),
  'TCP from port 0': build.ipv4(IP4, build.tcp({ sourcePort: 0 })),
  'TCP to port 0': build.ipv4(IP4, build.tcp({ destinationPort: 0 })),
  'TCP without flags': build.ipv4(IP4, build.tcp({ flags: 0 })),
  'TCP with every flag': build.ipv4(IP4, build.tcp({ flags: 0xff })),
  'SYN and RST': build.ipv4(IP4, build.tcp({ flags: build.TCP_SYN | build.TCP_RST })),
  'an ACK of no connection': build.ipv4(IP4, build.tcp({ flags: build.TCP_ACK })),
  'a RST of no connection': build.ipv4(IP4, build.tcp({ flags: build.TCP_RST })),
  'no UDP header': build.ipv4(IP4, build.truncated(build.udp(), 0)),
  'half a UDP header': build.ipv4(IP4, build.truncated(build.udp(), 4)),
  'a UDP length of 0': build.ipv4(IP4, build.udp({ length: 0 })),
  'a UDP length of 7': build.ipv4(IP4, build.udp({ length: 7 })),
  'a UDP length behind the packet': build.ipv4(IP4, build.udp({ length: 2000 })),
  'UDP from port 0': build.ipv4(IP4, build.udp({ sourcePort: 0 })),
  'UDP to port 0': build.ipv4(IP4, build.udp({ destinationPort: 0 })),
  'a wrong UDP checksum': build.ipv4(
    IP4,
    build.raw(17, Buffer.from('c350005000 0c dead 64617461'.replaceAll(' ', ''), 'hex')),
  ),
  'the first fragment of a TCP segment': build.ipv4(IP4, build.tcp({ data: Buffer.alloc(12) }), {
    fragment: MORE_FRAGMENTS,
  }),
  'a fragment so short that it ends in the TCP ports': build.ipv4(IP4, build.truncated(build.tcp(), 8), {
    fragment: MORE_FRAGMENTS,
  }),
  'a fragment that overlaps the TCP header': build.ipv4(IP4, build.raw(6, Buffer.alloc(24, 0xaa)), {
    fragment: 1,
  }),
  'the last fragment of the longest datagram and beyond': build.ipv4(IP4, build.raw(17, Buffer.alloc(800)), {
    fragment: 0x1fff,
  }),
  'an ICMP header cut short': build.ipv4(IP4, build.truncated(build.icmp(4, 8, 0), 3)),
  'an ICMP echo with a wrong checksum': build.ipv4(IP4, build.withoutChecksum(build.icmp(4, 8, 0))),
  'an ICMP of an unknown type': build.ipv4(IP4, build.icmp(4, 200, 200)),
  'an ICMP error that quotes nothing': build.ipv4(IP4, build.icmp(4, 3, 3)),
  'an ICMP error that quotes half a header': build.ipv4(IP4, quoting(4, REPLY4, 10)),
  'an ICMP error that quotes no ports': build.ipv4(IP4, quoting(4, REPLY4, 20)),
  'an ICMP error that quotes an ICMP error': build.ipv4(IP4, quoting(4, build.ipv4(IP4, quoting(4, REPLY4)))),
  'an ICMP error that quotes an absurd header length': build.ipv4(
    IP4,
    quoting(4, build.ipv4(IP4, build.tcp(), { headerWords: 15 })),
  ),
  'an ICMP error that quotes IPv6': build.ipv4(IP4, quoting(4, REPLY6)),
  'an unknown protocol': build.ipv4(IP4, build.raw(253, Buffer.alloc(40, 1))),
  'protocol 0': build.ipv4(IP4, build.raw(0, Buffer.alloc(8))),
  SCTP: build.ipv4(IP4, build.raw(132, Buffer.alloc(12))),
  'GRE with nothing in it': build.ipv4(IP4, build.raw(47, Buffer.alloc(0))),
  'IP in IP in itself': build.ipv4(IP4, build.raw(4, build.ipv4(IP4, build.tcp()))),
  'from itself': build.ipv4(from4(VIP.ipv4), build.tcp()),
  'from a real server, but from the wrong side': build.ipv4(
    from4(realServer(1).ipv4),
    build.tcp({ sourcePort: 80, flags: 0x12 }),
  ),
  'from multicast': build.ipv4(from4('224.0.0.1'), build.tcp()),
  'from broadcast': build.ipv4(from4('255.255.255.255'), build.udp()),
  'from 0.0.0.0': build.ipv4(from4('0.0.0.0'), build.udp()),
  'from loopback': build.ipv4(from4('127.0.0.1'), build.tcp()),
};

const IPV6: Readonly<Record<string, Buffer>> = {
  'half an IP header': build.ipv6(IP6, build.tcp()).subarray(0, 20),
  'version 4 in an IPv6 frame': build.ipv6(IP6, build.tcp(), { version: 4 }),
  'a payload length of 0': build.ipv6(IP6, build.tcp(), { payloadLength: 0 }),
  'a payload length behind the packet': build.ipv6(IP6, build.tcp(), { payloadLength: 1400 }),
  'the greatest payload length': build.ipv6(IP6, build.tcp(), { payloadLength: 65_535 }),
  'a hop limit of 0': build.ipv6(IP6, build.tcp(), { hopLimit: 0 }),
  'half a TCP header': build.ipv6(IP6, build.truncated(build.tcp(), 10)),
  'a TCP data offset behind the packet': build.ipv6(IP6, build.tcp({ dataOffset: 15 })),
  'half a UDP header': build.ipv6(IP6, build.truncated(build.udp(), 4)),
  'UDP without a checksum': build.ipv6(IP6, build.withoutChecksum(build.udp())),
  'a UDP length behind the packet': build.ipv6(IP6, build.udp({ length: 2000 })),
  'an option header and then nothing': build.ipv6(IP6, build.raw(OPTIONS6, Buffer.alloc(0))),
  'an option header longer than the packet': build.ipv6(IP6, build.tcp(), {
    extensions: [option6(OPTIONS6, 255)],
  }),
  'twenty option headers': build.ipv6(IP6, build.tcp(), { extensions: Array(20).fill(option6(OPTIONS6)) }),
  'hop-by-hop options at the end': build.ipv6(IP6, build.tcp(), {
    extensions: [option6(OPTIONS6), option6(HOP_BY_HOP)],
  }),
  'a routing header': build.ipv6(IP6, build.tcp(), { extensions: [option6(ROUTING)] }),
  'a first fragment': build.ipv6(IP6, build.tcp(), { extensions: [fragment6(0, true)] }),
  'a middle fragment': build.ipv6(IP6, build.raw(6, Buffer.alloc(24)), { extensions: [fragment6(3, true)] }),
  'a last fragment beyond the longest datagram': build.ipv6(IP6, build.raw(17, Buffer.alloc(800)), {
    extensions: [fragment6(0x1fff, false)],
  }),
  'half a fragment header': build.ipv6(IP6, build.raw(build.PROTOCOL.fragment6, Buffer.alloc(4))),
  'no next header': build.ipv6(IP6, build.raw(59, Buffer.alloc(0))),
  'an unknown protocol': build.ipv6(IP6, build.raw(253, Buffer.alloc(40))),
  'an ICMPv6 header cut short': build.ipv6(IP6, build.truncated(build.icmp(6, 128, 0), 2)),
  'an ICMPv6 echo with a wrong checksum': build.ipv6(IP6, build.withoutChecksum(build.icmp(6, 128, 0))),
  'an ICMPv6 error that quotes nothing': build.ipv6(IP6, build.icmp(6, 1, 4)),
  'an ICMPv6 error that quotes half a header': build.ipv6(IP6, quoting(6, REPLY6, 20)),
  'an ICMPv6 error that quotes no ports': build.ipv6(IP6, quoting(6, REPLY6, 40)),
  'an ICMPv6 error that quotes IPv4': build.ipv6(IP6, quoting(6, REPLY4)),
  'from itself': build.ipv6(from6(VIP.ipv6), build.tcp()),
  'from multicast': build.ipv6(from6('ff02::1'), build.tcp()),
  'from ::': build.ipv6(from6('::'), build.tcp()),
  'from loopback': build.ipv6(from6('::1'), build.tcp()),
};

function packetsOf(family: 4 | 6, packets: Readonly<Record<string, Buffer>>): MalformedPacket[] {
  return Object.entries(packets).map(([name, packet]) => ({
    name,
    family,
    packet,
    fate: fateOfMalformed(family, name),
  }));
}

export const MALFORMED_PACKETS: readonly MalformedPacket[] = [...packetsOf(4, IPV4), ...packetsOf(6, IPV6)];

/** SYNs to port 80 of the VIP from `count` different addresses and ports of the client's network. */
export function synFlood(count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) =>
    build.ipv4(from4(`10.0.0.${3 + (index % 250)}`), build.tcp({ sourcePort: 1024 + index })),
  );
}
