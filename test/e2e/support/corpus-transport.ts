/** Rules of the corpus that spoil what is above IP, and who sends it. */
import { VIP } from '../../lab/topology.js';
import {
  both,
  CORPUS_VPORT,
  type Draft,
  FAMILIES,
  HOME,
  ip,
  randomBytes,
  range,
  tcp,
  udp,
} from './corpus-draft.js';
import * as build from './frames.js';

const SCTP = 132;

export function transports(): Draft[] {
  const beginsTcp = (flags: number): boolean =>
    (flags & build.TCP_SYN) !== 0 && (flags & build.TCP_RST) === 0;
  return [
    ...range(0, 15).flatMap((dataOffset) =>
      both(
        `a TCP header of ${dataOffset} words`,
        (family, port) => ip(family, tcp(port, { dataOffset })),
        dataOffset === 5,
      ),
    ),
    ...range(0, 63).flatMap((flags) =>
      both(
        `TCP flags 0x${flags.toString(16)}`,
        (family, port) => ip(family, tcp(port, { flags, data: Buffer.from('flags') })),
        beginsTcp(flags),
      ),
    ),
    ...[0, 1, 7, 13, 100, 65_535].flatMap((length) =>
      both(`a UDP length of ${length} instead of 12`, (family, port) => ip(family, udp(port, { length }))),
    ),
    // A datagram that ends before its IP packet is one: the rest is padding.
    ...[8, 9, 11].flatMap((length) =>
      both(`a UDP length of ${length}`, (family, port) => ip(family, udp(port, { length })), true),
    ),
    ...both('TCP to port 0', (family, port) => ip(family, tcp(port, { destinationPort: 0 }))),
    ...both('UDP to port 0', (family, port) => ip(family, udp(port, { destinationPort: 0 }))),
    ...both('TCP from port 0 to port 0', (family) => ip(family, tcp(0, { destinationPort: 0 }))),
    ...both('UDP from port 0 to port 0', (family) => ip(family, udp(0, { destinationPort: 0 }))),
  ];
}

/** Sources that are no single machine, or not one of this link. The kernel with ip_vs lets those of `strange` in. */
export function sources(): Draft[] {
  const never: Readonly<Record<4 | 6, readonly string[]>> = {
    4: [
      '127.0.0.1',
      '127.255.255.254',
      '0.0.0.0',
      '224.0.0.1',
      '239.255.255.255',
      '255.255.255.255',
      VIP.ipv4,
    ],
    6: ['::', '::1', 'ff00::', 'ff02::1', 'ff0e::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', VIP.ipv6],
  };
  const strange: Readonly<Record<4 | 6, readonly string[]>> = {
    4: ['0.0.0.1', '0.255.255.255', '240.0.0.1', '255.255.255.254', '10.0.0.255', '10.0.0.0'],
    6: ['::ffff:a00:2', '::a00:2', 'fe80::1', 'fec0::1', '64:ff9b::a00:2'],
  };
  const from = (family: 4 | 6, source: string, mayArrive: boolean): Draft[] => {
    const ends = { ...HOME[family], source: build.addressBytes(source) };
    return [
      { name: `TCP from ${source}`, family, mayArrive, make: (port) => ip(family, tcp(port), {}, ends) },
      { name: `UDP from ${source}`, family, mayArrive, make: (port) => ip(family, udp(port), {}, ends) },
      {
        name: `ping from ${source}`,
        family,
        make: () => ip(family, build.icmp(family, family === 4 ? 8 : 128, 0), {}, ends),
      },
    ];
  };
  const land = (family: 4 | 6): Draft[] => {
    const ends = { ...HOME[family], source: HOME[family].destination };
    return [
      { name: 'TCP from the service to itself', family, make: () => ip(family, tcp(CORPUS_VPORT), {}, ends) },
      { name: 'UDP from the service to itself', family, make: () => ip(family, udp(CORPUS_VPORT), {}, ends) },
    ];
  };
  return FAMILIES.flatMap((family) => [
    ...never[family].flatMap((source) => from(family, source, false)),
    ...strange[family].flatMap((source) => from(family, source, true)),
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
      make: () => ip(4, build.icmp(4, type, 0)),
    })),
    ...[...range(0, 8), ...range(127, 162), 255].map((type) => ({
      name: `ICMPv6 type ${type}`,
      family: 6 as const,
      make: () => ip(6, build.icmp(6, type, 0)),
    })),
    ...range(0, 30).flatMap((length) =>
      both(`an ICMP error that quotes ${length} bytes`, (family, port) =>
        ip(family, error(family, reply(family, port).subarray(0, length))),
      ),
    ),
    ...range(1, 5).flatMap((depth) =>
      both(`an ICMP error in an ICMP error, ${depth} deep`, (family, port) => nested(family, port, depth)),
    ),
    ...both('an ICMP error about itself', (family, port) =>
      ip(family, error(family, ip(family, error(family, reply(family, port))))),
    ),
    ...[5, 9, 10, 12, 13, 17].map((type) => ({
      name: `ICMP type ${type} that quotes a packet`,
      family: 4 as const,
      make: (port: number) => ip(4, error(4, reply(4, port), type)),
    })),
  ];
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
        (family, port) => ip(family, sctp(port, randomBytes(seed + 1, seed))),
        true,
      ),
    ),
    ...range(0, 15).flatMap((type) =>
      both(
        `an SCTP chunk of type ${type} that has no length`,
        (family, port) => ip(family, sctp(port, Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, type, 0, 0, 0]))),
        type === 1,
      ),
    ),
    ...range(1, 40).flatMap((seed) =>
      both(`random bytes under protocol ${seed * 6}`, (family) =>
        ip(family, build.raw(seed * 6, randomBytes(seed, seed * 3))),
      ),
    ),
  ];
}
