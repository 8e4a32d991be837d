import { both, type Draft, FAMILIES, type Fate, ip, range, tcp, udp } from './corpus-draft.js';
import * as build from './frames.js';

const MORE_FRAGMENTS = 0x2000;

/** Every cut of a right packet, with an IP header that knows of it. */
export function cuts(): Draft[] {
  return [
    ...range(0, 19).flatMap((length) =>
      both(`TCP cut to ${length} bytes`, 'malformed_transport', (family, port) =>
        ip(family, build.truncated(tcp(port), length)),
      ),
    ),
    ...range(0, 7).flatMap((length) =>
      both(`UDP cut to ${length} bytes`, 'malformed_transport', (family, port) =>
        ip(family, build.truncated(udp(port), length)),
      ),
    ),
    ...range(0, 7).flatMap((length) =>
      both(`ICMP cut to ${length} bytes`, 'malformed_icmp', (family) =>
        ip(family, build.truncated(build.icmp(family, family === 4 ? 8 : 128, 0), length)),
      ),
    ),
  ];
}

/** Every cut of a right packet, with an IP header that says it is whole. */
export function lies(): Draft[] {
  return FAMILIES.flatMap((family) =>
    range(1, family === 4 ? 39 : 59).map((length) => ({
      name: `a SYN of which ${length} bytes were sent`,
      family,
      fate:
        length < (family === 4 ? 20 : 40)
          ? ('malformed_ip_header' as const)
          : ('malformed_ip_length' as const),
      make: (port) => ip(family, tcp(port)).subarray(0, length),
    })),
  );
}

export function headers(): Draft[] {
  const [header, whole] = [20, 40];
  const fateOfWords = (words: number): Fate => {
    if (words * 4 < header) return 'malformed_ip_header_length';
    // The checksum is that of five words.
    return words * 4 > whole ? 'malformed_ip_header' : 'malformed_ip_checksum';
  };
  const fateOfLength = (bytes: number, least: number, most: number): Fate =>
    bytes < least || bytes > most ? 'malformed_ip_length' : 'malformed_transport';
  return [
    ...range(0, 15)
      .filter((version) => version !== 4)
      .map((version) => ({
        name: `version ${version}`,
        family: 4 as const,
        // As IPv6 it is shorter than its header of 40 bytes and what that says.
        fate: version === 6 ? ('malformed_ip_header' as const) : ('malformed_version' as const),
        make: (port: number) => ip(4, tcp(port), { version }),
      })),
    ...range(0, 15)
      .filter((headerWords) => headerWords !== 5)
      .map((headerWords) => ({
        name: `a header of ${headerWords} words`,
        family: 4 as const,
        fate: fateOfWords(headerWords),
        make: (port: number) => ip(4, tcp(port), { headerWords }),
      })),
    ...[0, 1, 19, 20, 21, 27, 28, whole - 1, whole + 1, 1400, 65_535].map((totalLength) => ({
      name: `a total length of ${totalLength}`,
      family: 4 as const,
      fate: fateOfLength(totalLength, header, whole),
      make: (port: number) => ip(4, tcp(port), { totalLength }),
    })),
    ...[0, 1, 7, 8, 19, 21, 1400, 65_535].map((payloadLength) => ({
      name: `a payload length of ${payloadLength}`,
      family: 6 as const,
      fate: fateOfLength(payloadLength, 0, whole - header),
      make: (port: number) => ip(6, tcp(port), { payloadLength }),
    })),
  ];
}

export function options(): Draft[] {
  const bad = [
    [7, 0],
    [7, 1],
    [7, 2, 4, 0],
    [7, 3, 4, 0],
    [7, 255, 4, 0],
    [7, 7, 3, 0, 0, 0, 0, 0],
    [68, 0, 5, 0],
    [68, 4, 5, 0],
    [68, 40, 5, 3],
    [0x83, 3, 4, 0],
    [0x83, 255, 4, 0],
    [0x89, 11, 4, 10, 1, 0, 11, 10, 1, 0, 12, 0],
    [0x94, 3, 0, 0],
    [0x94, 255, 0, 0],
    [134, 3, 0, 0],
    [0x55, 0, 0, 0],
  ];
  return [
    ...bad.map((bytes) => ({
      name: `IP options ${bytes.join(' ')}`,
      family: 4 as const,
      // The kernel judges them, before they are ours or, taken from the wire, when they have been.
      fate: 'begins' as const,
      make: (port: number) =>
        ip(4, tcp(port), {
          options: Buffer.from([...bytes, ...Array<number>((4 - (bytes.length % 4)) % 4).fill(0)]),
        }),
    })),
  ];
}

/** Extension headers that are walked over. AH, ESP and the others are upper protocols to a balancer. */
const [FRAGMENT, WALKED]: readonly [number, readonly number[]] = [44, [0, 43, 60]];

/** What follows is there, or TCP's header is where the packet is over, or an extension would go on behind it. */
function fateOfOne(protocol: number, units: number): Fate {
  if (protocol === FRAGMENT) return 'kept';
  if (!WALKED.includes(protocol)) return 'answered';
  return units < 3 ? 'malformed_transport' : 'malformed_ip_header';
}

function fateOfTwo(one: number, other: number): Fate {
  if (one === FRAGMENT) return 'kept';
  if (!WALKED.includes(one)) return 'answered';
  if (other === FRAGMENT) return 'kept';
  return WALKED.includes(other) ? 'begins' : 'answered';
}

export function extensions(): Draft[] {
  const kinds = [0, 43, 44, 50, 51, 60, 135, 139, 140, 253, 254];
  const header = (protocol: number, units: number, first = 1, second = 4) => ({
    protocol,
    bytes: Buffer.from([0, units, first, second, 0, 0, 0, 0]),
  });
  return [
    ...kinds.flatMap((protocol) =>
      [1, 2, 16, 255].map((units) => ({
        name: `extension ${protocol} that says ${units} units and is one`,
        family: 6 as const,
        fate: fateOfOne(protocol, units),
        make: (port: number) => ip(6, tcp(port), { extensions: [header(protocol, units)] }),
      })),
    ),
    ...kinds.flatMap((one) =>
      kinds.map((other) => ({
        name: `extensions ${one} and ${other}`,
        family: 6 as const,
        fate: fateOfTwo(one, other),
        make: (port: number) => ip(6, tcp(port), { extensions: [header(one, 0), header(other, 0)] }),
      })),
    ),
    ...[8, 9, 16, 64, 150].map((count) => ({
      name: `${count} extensions`,
      family: 6 as const,
      fate: count > 16 ? ('malformed_extension_chain' as const) : ('begins' as const),
      make: (port: number) => ip(6, tcp(port), { extensions: Array(count).fill(header(60, 0)) }),
    })),
  ];
}

/** Single fragments, of which no datagram will ever come. */
export function fragments(): Draft[] {
  const places = [0, 1, 2, 3, 100, 0x1fff].flatMap((offset) =>
    [true, false].map((hasMore) => ({ offset, hasMore })),
  );
  return places
    .filter(({ offset, hasMore }) => offset !== 0 || hasMore)
    .flatMap(({ offset, hasMore }) =>
      [tcp, udp].flatMap((segmentOf, kind) =>
        both(
          `a ${kind === 0 ? 'TCP' : 'UDP'} fragment at ${offset * 8}${hasMore ? ' with more' : ''}`,
          // With more it is no multiple of 8 bytes; at the last place it is beyond the longest datagram.
          hasMore || offset === 0x1fff ? 'fragment_malformed' : 'kept',
          (family, port) => {
            const header = Buffer.alloc(8);
            header.writeUInt16BE((offset << 3) | (hasMore ? 1 : 0), 2);
            header.writeUInt32BE(port, 4);
            return family === 4
              ? ip(4, segmentOf(port), {
                  fragment: (hasMore ? MORE_FRAGMENTS : 0) | offset,
                  identification: port,
                })
              : ip(6, segmentOf(port), {
                  extensions: [{ protocol: build.PROTOCOL.fragment6, bytes: header }],
                });
          },
        ),
      ),
    );
}
