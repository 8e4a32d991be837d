/** Rules of the corpus that spoil what is above IP, and who sends it. */
import { VIP } from '../../lab/topology.js';
import {
  both,
  CORPUS_VPORT,
  type Draft,
  FAMILIES,
  type Fate,
  HOME,
  ip,
  randomBytes,
  range,
  tcp,
  udp,
} from './corpus-draft.js';
import * as build from './frames.js';

const SCTP = 132;
const DESTINATION_OPTIONS = 60;

export function transports(): Draft[] {
  const fateOfFlags = (flags: number): Fate => {
    if ((flags & build.TCP_RST) !== 0) return 'unanswerable';
    return (flags & build.TCP_SYN) !== 0 ? 'begins' : 'answered';
  };
  return [
    ...range(0, 15).flatMap((dataOffset) =>
      both(
        `a TCP header of ${dataOffset} words`,
        dataOffset === 5 ? 'begins' : 'malformed_tcp_offset',
        (family, port) => ip(family, tcp(port, { dataOffset })),
      ),
    ),
    ...range(0, 63).flatMap((flags) =>
      both(`TCP flags 0x${flags.toString(16)}`, fateOfFlags(flags), (family, port) =>
        ip(family, tcp(port, { flags, data: Buffer.from('flags') })),
      ),
    ),
    ...[0, 1, 7, 13, 100, 65_535].flatMap((length) =>
      both(`a UDP length of ${length} instead of 12`, 'malformed_udp_length', (family, port) =>
        ip(family, udp(port, { length })),
      ),
    ),
    // A datagram that ends before its IP packet is one: the rest is padding.
    ...[8, 9, 11].flatMap((length) =>
      both(`a UDP length of ${length}`, 'begins', (family, port) => ip(family, udp(port, { length }))),
    ),
    ...both('TCP to port 0', 'answered', (family, port) => ip(family, tcp(port, { destinationPort: 0 }))),
    ...both('UDP to port 0', 'answered', (family, port) => ip(family, udp(port, { destinationPort: 0 }))),
    ...both('TCP from port 0 to port 0', 'answered', (family) => ip(family, tcp(0, { destinationPort: 0 }))),
    ...both('UDP from port 0 to port 0', 'answered', (family) => ip(family, udp(0, { destinationPort: 0 }))),
  ];
}

/** Sources that are no single machine, or not one of this link. */
export function sources(): Draft[] {
  const never: Readonly<Record<4 | 6, readonly string[]>> = {
    4: [
      '127.0.0.1',
      '127.255.255.254',
      '0.0.0.0',
      '224.0.0.1',
      '239.255.255.255',
      '255.255.255.255',
      '0.0.0.1',
      '0.255.255.255',
      '240.0.0.1',
      '255.255.255.254',
    ],
    6: ['::', '::1', 'ff00::', 'ff02::1', 'ff0e::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  };
  const strange: Readonly<Record<4 | 6, readonly string[]>> = {
    4: ['10.0.0.255', '10.0.0.0'],
    6: ['::ffff:a00:2', '::a00:2', 'fe80::1', 'fec0::1', '64:ff9b::a00:2'],
  };
  const from = (family: 4 | 6, source: string, fate: Fate, fateOfPing: Fate): Draft[] => {
    const ends = { ...HOME[family], source: build.addressBytes(source) };
    return [
      { name: `TCP from ${source}`, family, fate, make: (port) => ip(family, tcp(port), {}, ends) },
      { name: `UDP from ${source}`, family, fate, make: (port) => ip(family, udp(port), {}, ends) },
      {
        name: `ping from ${source}`,
        family,
        fate: fateOfPing,
        make: () => ip(family, build.icmp(family, family === 4 ? 8 : 128, 0), {}, ends),
      },
    ];
  };
  const land = (family: 4 | 6): Draft[] => {
    const ends = { ...HOME[family], source: HOME[family].destination };
    const fate = 'from_vip';
    return [
      {
        name: 'TCP from the service to itself',
        family,
        fate,
        make: () => ip(family, tcp(CORPUS_VPORT), {}, ends),
      },
      {
        name: 'UDP from the service to itself',
        family,
        fate,
        make: () => ip(family, udp(CORPUS_VPORT), {}, ends),
      },
    ];
  };
  return FAMILIES.flatMap((family) => [
    ...never[family].flatMap((source) => from(family, source, 'not_unicast', 'not_unicast')),
    ...strange[family].flatMap((source) => from(family, source, 'begins', 'answered')),
    ...from(family, family === 4 ? VIP.ipv4 : VIP.ipv6, 'from_vip', 'answered'),
    ...land(family),
  ]);
}

export function icmp(): Draft[] {
  const error = (family: 4 | 6, quoted: Buffer, type = family === 4 ? 3 : 1): build.Segment =>
    build.icmp(family, type, family === 4 ? 3 : 4, Buffer.concat([Buffer.alloc(4), quoted]));
  const reply = (family: 4 | 6, port: number): Buffer =>
    ip(
      family,
      build.tcp({ sourcePort: CORPUS_VPORT, destinationPort: port }),
      {},
      {
        source: HOME[family].destination,
        destination: HOME[family].source,
      },
    );
  const nested = (family: 4 | 6, port: number, depth: number): Buffer =>
    depth === 0 ? reply(family, port) : ip(family, error(family, nested(family, port, depth - 1)));
  return [
    ...range(0, 45).map((type) => ({
      name: `ICMP type ${type}`,
      family: 4 as const,
      fate: type === 8 ? ('answered' as const) : ('icmp_unmatched' as const),
      make: () => ip(4, build.icmp(4, type, 0)),
    })),
    ...[...range(0, 8), ...range(127, 162), 255].map((type) => ({
      name: `ICMPv6 type ${type}`,
      family: 6 as const,
      fate: type === 128 ? ('answered' as const) : ('icmp_unmatched' as const),
      make: () => ip(6, build.icmp(6, type, 0)),
    })),
    ...range(0, 30).flatMap((length) =>
      both(`an ICMP error that quotes ${length} bytes`, 'icmp_unmatched', (family, port) =>
        ip(family, error(family, reply(family, port).subarray(0, length))),
      ),
    ),
    ...range(1, 5).flatMap((depth) =>
      both(`an ICMP error in an ICMP error, ${depth} deep`, 'icmp_unmatched', (family, port) =>
        nested(family, port, depth),
      ),
    ),
    ...both('an ICMP error about itself', 'icmp_unmatched', (family, port) =>
      ip(family, error(family, ip(family, error(family, reply(family, port))))),
    ),
    ...[5, 9, 10, 12, 13, 17].map((type) => ({
      name: `ICMP type ${type} that quotes a packet`,
      family: 4 as const,
      fate: 'icmp_unmatched' as const,
      make: (port: number) => ip(4, error(4, reply(4, port), type)),
    })),
  ];
}

function fateOfRandom(family: 4 | 6, protocol: number): Fate {
  if (protocol === build.PROTOCOL.tcp) return 'malformed_transport';
  const isExtension = family === 6 && protocol === DESTINATION_OPTIONS;
  return isExtension ? 'malformed_ip_header' : 'answered';
}

export function garbage(): Draft[] {
  const sctp = (port: number, rest: Buffer): build.Segment => {
    const ports = Buffer.alloc(4);
    ports.writeUInt16BE(port, 0);
    ports.writeUInt16BE(CORPUS_VPORT, 2);
    return build.raw(SCTP, Buffer.concat([ports, rest]));
  };
  return [
    ...range(0, 40).flatMap((seed) =>
      both(
        `SCTP with ${seed} random bytes`,
        // Its header and a chunk's first byte are 12 + 4 bytes with the ports; no first byte here is that of an INIT.
        seed < 12 ? 'malformed_transport' : 'answered',
        (family, port) => ip(family, sctp(port, randomBytes(seed + 1, seed))),
      ),
    ),
    ...range(0, 15).flatMap((type) =>
      both(
        `an SCTP chunk of type ${type} that has no length`,
        type === 1 ? 'begins' : 'answered',
        (family, port) => ip(family, sctp(port, Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, type, 0, 0, 0]))),
      ),
    ),
    ...range(1, 40).flatMap((seed) =>
      FAMILIES.map((family) => ({
        name: `random bytes under protocol ${seed * 6}`,
        family,
        fate: fateOfRandom(family, seed * 6),
        make: () => ip(family, build.raw(seed * 6, randomBytes(seed, seed * 3))),
      })),
    ),
  ];
}
