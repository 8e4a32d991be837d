/** Rules of the corpus whose packets belong together: pieces that overlap, and packets of a connection that is there. */
import { type Draft, FAMILIES, type FamilyFields, type Fate, ip, range, tcp, udp } from './corpus-draft.js';
import * as build from './frames.js';

const MORE_FRAGMENTS = 0x2000;

/** Of a datagram of 40 bytes: from and to, in units of 8 bytes, and another byte instead of its own. */
interface Piece {
  readonly begin: number;
  readonly end: number;
  readonly filler?: number;
}

const UNITS = 5;

/** The pieces that come after one another, and what becomes of each. */
const SERIES: Readonly<Record<string, readonly (readonly [Piece, Fate])[]>> = {
  'a piece twice': [
    [{ begin: 0, end: 2 }, 'kept'],
    [{ begin: 0, end: 2 }, 'fragment_repeated'],
  ],
  'other bytes at the same place': [
    [{ begin: 0, end: 2 }, 'kept'],
    [{ begin: 0, end: 2, filler: 0xff }, 'fragment_repeated'],
  ],
  'the half of a piece again': [
    [{ begin: 0, end: 2 }, 'kept'],
    [{ begin: 1, end: 2 }, 'fragment_inconsistent'],
  ],
  'more than the piece before': [
    [{ begin: 1, end: 2 }, 'kept'],
    [{ begin: 0, end: 3 }, 'fragment_inconsistent'],
  ],
  'half in the piece before': [
    [{ begin: 0, end: 2 }, 'kept'],
    [{ begin: 1, end: 3 }, 'fragment_inconsistent'],
    // Refused too, with all that would follow.
    [{ begin: 3, end: UNITS }, 'fragment_inconsistent'],
  ],
  'a piece behind the last': [
    [{ begin: 2, end: UNITS }, 'kept'],
    [{ begin: UNITS, end: UNITS + 1 }, 'fragment_inconsistent'],
  ],
};

function piece(family: 4 | 6, port: number, { begin, end, filler }: Piece): Buffer {
  const datagram = udp(port, { data: Buffer.alloc(UNITS * 8 - 8, 'overlap ') });
  const own = datagram.bytes.subarray(begin * 8, end * 8);
  const bytes = filler === undefined && own.length > 0 ? own : Buffer.alloc((end - begin) * 8, filler ?? 0);
  const segment = build.raw(datagram.protocol, bytes);
  const hasMore = end !== UNITS;
  if (family === 4) {
    return ip(4, segment, { fragment: (hasMore ? MORE_FRAGMENTS : 0) | begin, identification: port });
  }
  const header = Buffer.alloc(8);
  header.writeUInt16BE((begin << 3) | (hasMore ? 1 : 0), 2);
  header.writeUInt32BE(port, 4);
  return ip(6, segment, { extensions: [{ protocol: build.PROTOCOL.fragment6, bytes: header }] });
}

export function overlaps(): Draft[] {
  return FAMILIES.flatMap((family) =>
    Object.entries(SERIES).flatMap(([name, series]) =>
      series.map(([each, fate], index) => ({
        name: `${name}: piece ${index + 1}`,
        family,
        fate,
        isSequel: index > 0,
        make: (port: number) => piece(family, port, each),
      })),
    ),
  );
}

/** Broken packets under the ports of a connection, or flow, which the first packet of each series has begun. */
export function live(): Draft[] {
  const spoilt = (
    kind: 'tcp' | 'udp',
  ): readonly (readonly [string, Fate, (port: number) => build.Segment])[] =>
    kind === 'tcp'
      ? [
          ...[0, 4, 15].map(
            (dataOffset) =>
              [
                `a header of ${dataOffset} words`,
                'malformed_tcp_offset',
                (port: number) => tcp(port, { dataOffset }),
              ] as const,
          ),
          ...[0, 3, 4, 13, 19].map(
            (length) =>
              [
                `cut to ${length} bytes`,
                'malformed_transport',
                (port: number) => build.truncated(tcp(port), length),
              ] as const,
          ),
        ]
      : [
          ...[0, 7, 13, 65_535].map(
            (length) =>
              [
                `a length of ${length}`,
                'malformed_udp_length',
                (port: number) => udp(port, { length }),
              ] as const,
          ),
          ...range(0, 7).map(
            (length) =>
              [
                `cut to ${length} bytes`,
                'malformed_transport',
                (port: number) => build.truncated(udp(port), length),
              ] as const,
          ),
        ];
  const lies: readonly (readonly [string, 4 | 6, Fate, FamilyFields])[] = [
    ['a wrong checksum of the IP header', 4, 'malformed_ip_checksum', { checksum: 0xdead }],
    ['a total length behind the packet', 4, 'malformed_ip_length', { totalLength: 1400 }],
    ['a payload length behind the packet', 6, 'malformed_ip_length', { payloadLength: 1400 }],
  ];
  return FAMILIES.flatMap((family) =>
    (['tcp', 'udp'] as const).flatMap((kind): Draft[] => {
      const whole = kind === 'tcp' ? tcp : udp;
      const what = kind.toUpperCase();
      return [
        { name: `${what} that begins`, family, fate: 'begins', make: (port) => ip(family, whole(port)) },
        ...spoilt(kind).map(
          ([name, fate, segmentOf]): Draft => ({
            name: `${what} of a connection with ${name}`,
            family,
            fate,
            isSequel: true,
            make: (port) => ip(family, segmentOf(port)),
          }),
        ),
        ...lies
          .filter(([, of]) => of === family)
          .map(
            ([name, , fate, fields]): Draft => ({
              name: `${what} of a connection with ${name}`,
              family,
              fate,
              isSequel: true,
              make: (port) => ip(family, whole(port), fields),
            }),
          ),
      ];
    }),
  );
}
