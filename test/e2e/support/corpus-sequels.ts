/** Rules of the corpus whose packets belong together: pieces that overlap, and packets of a connection that is there. */
import {
  CORPUS_VPORT,
  type Draft,
  FAMILIES,
  type FamilyFields,
  type Fate,
  ip,
  range,
  tcp,
  udp,
} from './corpus-draft.js';
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

type Broken = readonly [name: string, fate: Fate, packet: Buffer];

/** Broken packets between these ports, their IP headers with these fields; none of them may be taken for one of a connection. */
export function brokenPackets(
  kind: 'tcp' | 'udp',
  family: 4 | 6,
  sourcePort: number,
  destinationPort: number = CORPUS_VPORT,
  marks: FamilyFields = {},
): Broken[] {
  const fields = { sourcePort, destinationPort };
  const send = (segment: build.Segment, more: FamilyFields = {}): Buffer =>
    ip(family, segment, { ...marks, ...more });
  const whole = kind === 'tcp' ? build.tcp(fields) : build.udp(fields);
  const least = kind === 'tcp' ? 20 : 8;
  const cut = range(0, least - 1).map(
    (length): Broken => [
      `cut to ${length} bytes`,
      'malformed_transport',
      send(build.truncated(whole, length)),
    ],
  );
  const lengths =
    kind === 'tcp'
      ? [0, 4, 15].map(
          (dataOffset): Broken => [
            `a header of ${dataOffset} words`,
            'malformed_tcp_offset',
            send(build.tcp({ ...fields, dataOffset })),
          ],
        )
      : [0, 7, 13, 65_535].map(
          (length): Broken => [
            `a length of ${length}`,
            'malformed_udp_length',
            send(build.udp({ ...fields, length })),
          ],
        );
  const headers: readonly Broken[] =
    family === 4
      ? [
          ['a wrong checksum of the IP header', 'malformed_ip_checksum', send(whole, { checksum: 0xdead })],
          ['a total length behind the packet', 'malformed_ip_length', send(whole, { totalLength: 1400 })],
        ]
      : [['a payload length behind the packet', 'malformed_ip_length', send(whole, { payloadLength: 1400 })]];
  return [...cut, ...lengths, ...headers];
}

/** Those under the ports of a connection, or flow, which the first packet of each series begins. */
export function live(): Draft[] {
  return FAMILIES.flatMap((family) =>
    (['tcp', 'udp'] as const).flatMap((kind): Draft[] => [
      {
        name: `${kind.toUpperCase()} that begins`,
        family,
        fate: 'begins',
        make: (port) => ip(family, kind === 'tcp' ? tcp(port) : udp(port)),
      },
      ...brokenPackets(kind, family, 0).map(
        ([name, fate], index): Draft => ({
          name: `${kind.toUpperCase()} of a connection, ${name}`,
          family,
          fate,
          isSequel: true,
          make: (port) => brokenPackets(kind, family, port)[index]![2],
        }),
      ),
    ]),
  );
}
