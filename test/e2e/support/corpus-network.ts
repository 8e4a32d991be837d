import { both, type Draft, FAMILIES, ip, range, tcp, udp } from './corpus-draft.js';
import * as build from './frames.js';

const MORE_FRAGMENTS = 0x2000;

/** Every cut of a right packet, with an IP header that knows of it. */
export function cuts(): Draft[] {
  return [
    ...range(0, 19).flatMap((length) =>
      both(`TCP cut to ${length} bytes`, (family, port) => ip(family, build.truncated(tcp(port), length))),
    ),
    ...range(0, 7).flatMap((length) =>
      both(`UDP cut to ${length} bytes`, (family, port) => ip(family, build.truncated(udp(port), length))),
    ),
    ...range(0, 7).flatMap((length) =>
      both(`ICMP cut to ${length} bytes`, (family) =>
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
      make: (port) => ip(family, tcp(port)).subarray(0, length),
    })),
  );
}

export function headers(): Draft[] {
  const whole = 40;
  return [
    ...range(0, 15)
      .filter((version) => version !== 4)
      .map((version) => ({
        name: `version ${version}`,
        family: 4 as const,
        make: (port: number) => ip(4, tcp(port), { version }),
      })),
    ...range(0, 15)
      .filter((headerWords) => headerWords !== 5)
      .map((headerWords) => ({
        name: `a header of ${headerWords} words`,
        family: 4 as const,
        make: (port: number) => ip(4, tcp(port), { headerWords }),
      })),
    ...[0, 1, 19, 20, 21, 27, 28, whole - 1, whole + 1, 1400, 65_535].map((totalLength) => ({
      name: `a total length of ${totalLength}`,
      family: 4 as const,
      make: (port: number) => ip(4, tcp(port), { totalLength }),
    })),
    ...[0, 1, 7, 8, 19, 21, 1400, 65_535].map((payloadLength) => ({
      name: `a payload length of ${payloadLength}`,
      family: 6 as const,
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
      // Of these the kernel passes a time stamp without room, and a route of no more room.
      mayArrive: bytes[0] === 68 || bytes[0] === 7 || bytes[0] === 0x94,
      make: (port: number) =>
        ip(4, tcp(port), {
          options: Buffer.from([...bytes, ...Array<number>((4 - (bytes.length % 4)) % 4).fill(0)]),
        }),
    })),
  ];
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
        make: (port: number) => ip(6, tcp(port), { extensions: [header(protocol, units)] }),
      })),
    ),
    ...kinds.flatMap((one) =>
      kinds.map((other) => ({
        name: `extensions ${one} and ${other}`,
        family: 6 as const,
        mayArrive: true,
        make: (port: number) => ip(6, tcp(port), { extensions: [header(one, 0), header(other, 0)] }),
      })),
    ),
    ...[8, 9, 16, 64, 150].map((count) => ({
      name: `${count} extensions`,
      family: 6 as const,
      mayArrive: true,
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
