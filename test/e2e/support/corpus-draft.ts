/** What the rules of the corpus share: right packets of the client to the VIP, to be spoilt. */
import { CLIENT, VIP } from '../../lab/topology.js';
import * as build from './frames.js';

/** TCP and UDP (and SCTP, where the test has it) services of both families are here. */
export const CORPUS_VPORT = 80;

/**
 * What uipvs makes of a packet that reaches it: `begins` a connection, is `answered` as a host does, is `kept` until the
 * rest of its datagram is there, or is dropped for a reason of `uipvsadm --drops`.
 */
export type Fate = 'begins' | 'answered' | 'kept' | DropReason;

export type DropReason =
  | 'malformed_empty'
  | 'malformed_version'
  | 'malformed_ip_header'
  | 'malformed_ip_header_length'
  | 'malformed_ip_length'
  | 'malformed_ip_checksum'
  | 'malformed_extension_chain'
  | 'malformed_transport'
  | 'malformed_tcp_offset'
  | 'malformed_udp_length'
  | 'malformed_icmp'
  | 'not_unicast'
  | 'from_vip'
  | 'fragment_malformed'
  | 'fragment_inconsistent'
  | 'fragment_repeated'
  | 'icmp_unmatched'
  | 'unanswerable';

/** What a rule gives; `make` is told the packet's source port. */
export interface Draft {
  readonly name: string;
  readonly family: 4 | 6;
  readonly fate: Fate;
  /** Belongs to the one before it, whose port it has. */
  readonly isSequel?: boolean;
  readonly make: (port: number) => Buffer;
}

export type FamilyFields = build.Ipv4Fields & build.Ipv6Fields;

export const FAMILIES = [4, 6] as const;

export const HOME: Readonly<Record<4 | 6, build.Ip>> = {
  4: { source: build.addressBytes(CLIENT.ipv4), destination: build.addressBytes(VIP.ipv4) },
  6: { source: build.addressBytes(CLIENT.ipv6), destination: build.addressBytes(VIP.ipv6) },
};

export function ip(
  family: 4 | 6,
  segment: build.Segment,
  fields: FamilyFields = {},
  ends = HOME[family],
): Buffer {
  return family === 4 ? build.ipv4(ends, segment, fields) : build.ipv6(ends, segment, fields);
}

export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}

/** The same draft for both families. */
export function both(
  name: string,
  fate: Fate,
  make: (family: 4 | 6, port: number) => Buffer,
): readonly Draft[] {
  return FAMILIES.map((family) => ({ name, family, fate, make: (port) => make(family, port) }));
}

export function tcp(port: number, fields: build.TcpFields = {}): build.Segment {
  return build.tcp({ sourcePort: port, destinationPort: CORPUS_VPORT, ...fields });
}

export function udp(port: number, fields: build.UdpFields = {}): build.Segment {
  return build.udp({ sourcePort: port, destinationPort: CORPUS_VPORT, ...fields });
}

/** A generator of its own, so that a run can be repeated. Source: xorshift32, Marsaglia 2003. */
export function randomBytes(seed: number, length: number): Buffer {
  let state = (seed * 0x9e37_79b9) >>> 0 || 1;
  return Buffer.from(
    range(1, length).map(() => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state & 0xff;
    }),
  );
}
