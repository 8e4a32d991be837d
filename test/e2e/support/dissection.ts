/** Takes a captured IP packet apart, down to the options and extension headers that {@link inspect} does not walk. */
import type { CapturedFrame } from './packets.js';

export interface Extension {
  readonly protocol: number;
  readonly bytes: Buffer;
}

export interface Dissection {
  readonly family: 4 | 6;
  readonly source: Buffer;
  readonly destination: Buffer;
  /** DSCP and ECN. */
  readonly trafficClass: number;
  readonly hopLimit: number;
  /** 0 for IPv4. */
  readonly flowLabel: number;
  /** 0 for IPv6. */
  readonly identification: number;
  /** Flags and offset as IPv4 has them; for IPv6 nonzero where there is a fragment header with an offset or more. */
  readonly fragment: number;
  /** Of IPv4. */
  readonly options: Buffer;
  /** Of IPv6; each with its first byte, the number of what follows, as 0. */
  readonly extensions: readonly Extension[];
  readonly protocol: number;
  readonly transport: Buffer;
}

const ETHERNET_HEADER = 14;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const FRAGMENT_HEADER = 44;
const EXTENSIONS: readonly number[] = [0, 43, FRAGMENT_HEADER, 60];

function dissect4(packet: Buffer): Dissection {
  const headerBytes = (packet[0]! & 0x0f) * 4;
  return {
    family: 4,
    source: packet.subarray(12, 16),
    destination: packet.subarray(16, 20),
    trafficClass: packet[1]!,
    hopLimit: packet[8]!,
    flowLabel: 0,
    identification: packet.readUInt16BE(4),
    fragment: packet.readUInt16BE(6),
    options: packet.subarray(20, headerBytes),
    extensions: [],
    protocol: packet[9]!,
    transport: packet.subarray(headerBytes, packet.readUInt16BE(2)),
  };
}

function dissect6(packet: Buffer): Dissection {
  const end = 40 + packet.readUInt16BE(4);
  const extensions: Extension[] = [];
  let [protocol, at, fragment] = [packet[6]!, 40, 0];
  while (EXTENSIONS.includes(protocol) && at + 8 <= end) {
    const length = protocol === FRAGMENT_HEADER ? 8 : (packet[at + 1]! + 1) * 8;
    if (protocol === FRAGMENT_HEADER) fragment = packet.readUInt16BE(at + 2) & 0xfff9;
    const bytes = Buffer.from(packet.subarray(at, at + length));
    const next = bytes[0]!;
    bytes[0] = 0;
    extensions.push({ protocol, bytes });
    [protocol, at] = [next, at + length];
  }
  const firstWord = packet.readUInt32BE(0);
  return {
    family: 6,
    source: packet.subarray(8, 24),
    destination: packet.subarray(24, 40),
    trafficClass: (firstWord >>> 20) & 0xff,
    hopLimit: packet[7]!,
    flowLabel: firstWord & 0xf_ffff,
    identification: 0,
    fragment,
    options: Buffer.alloc(0),
    extensions,
    protocol,
    transport: packet.subarray(at, end),
  };
}

/** Null for what is not IP. */
export function dissect({ data }: CapturedFrame): Dissection | null {
  const type = data.readUInt16BE(12);
  if (type === ETHERTYPE_IPV4) return dissect4(data.subarray(ETHERNET_HEADER));
  return type === ETHERTYPE_IPV6 ? dissect6(data.subarray(ETHERNET_HEADER)) : null;
}

/** The ports of TCP, UDP and SCTP; null where there are none to see. */
export function portsOf({
  protocol,
  fragment,
  transport,
}: Dissection): { source: number; destination: number } | null {
  const hasPorts = [6, 17, 132].includes(protocol) && (fragment & 0x1fff) === 0 && transport.length >= 4;
  return hasPorts ? { source: transport.readUInt16BE(0), destination: transport.readUInt16BE(2) } : null;
}
