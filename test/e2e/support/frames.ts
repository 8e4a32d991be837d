/** Builds packets byte by byte: right unless told otherwise. Ports and lengths in host order. */
import { internetChecksum, pseudoHeader } from './checksum.js';

export const TCP_SYN = 0x02;
export const TCP_RST = 0x04;
export const TCP_ACK = 0x10;

export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17, fragment6: 44, icmp6: 58 } as const;

/** What lies above IP, and under which protocol number. */
export interface Segment {
  readonly protocol: number;
  readonly bytes: Buffer;
  /** Where its checksum belongs; null for none. */
  readonly checksumAt: number | null;
}

export interface TcpFields {
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  readonly flags?: number;
  /** Header length in 32-bit words, as the field says. */
  readonly dataOffset?: number;
  readonly sequence?: number;
  readonly acknowledgement?: number;
  readonly urgentPointer?: number;
  readonly data?: Buffer;
}

export function tcp(fields: TcpFields = {}): Segment {
  const {
    sourcePort = 50_000,
    destinationPort = 80,
    flags = TCP_SYN,
    dataOffset = 5,
    data = Buffer.alloc(0),
  } = fields;
  const header = Buffer.alloc(20);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(destinationPort, 2);
  header.writeUInt32BE(fields.sequence ?? 0x1234_5678, 4);
  header.writeUInt32BE(fields.acknowledgement ?? 0, 8);
  header[12] = dataOffset << 4;
  header[13] = flags;
  header.writeUInt16BE(65_000, 14);
  header.writeUInt16BE(fields.urgentPointer ?? 0, 18);
  return { protocol: PROTOCOL.tcp, bytes: Buffer.concat([header, data]), checksumAt: 16 };
}

export interface UdpFields {
  readonly sourcePort?: number;
  readonly destinationPort?: number;
  /** As the field says. */
  readonly length?: number;
  readonly data?: Buffer;
}

export function udp(fields: UdpFields = {}): Segment {
  const { sourcePort = 50_000, destinationPort = 80, data = Buffer.from('data') } = fields;
  const header = Buffer.alloc(8);
  header.writeUInt16BE(sourcePort, 0);
  header.writeUInt16BE(destinationPort, 2);
  header.writeUInt16BE(fields.length ?? 8 + data.length, 4);
  return { protocol: PROTOCOL.udp, bytes: Buffer.concat([header, data]), checksumAt: 6 };
}

export function icmp(family: 4 | 6, type: number, code: number, body: Buffer = Buffer.alloc(4)): Segment {
  const protocol = family === 4 ? PROTOCOL.icmp : PROTOCOL.icmp6;
  return { protocol, bytes: Buffer.concat([Buffer.from([type, code, 0, 0]), body]), checksumAt: 2 };
}

/** Bytes under a protocol number, as they are. */
export function raw(protocol: number, bytes: Buffer): Segment {
  return { protocol, bytes, checksumAt: null };
}

/** The same without the right checksum. */
export function withoutChecksum(segment: Segment): Segment {
  return { ...segment, checksumAt: null };
}

/** The first `length` bytes only. */
export function truncated(segment: Segment, length: number): Segment {
  return { ...segment, bytes: segment.bytes.subarray(0, length), checksumAt: null };
}

export interface Ip {
  readonly source: Buffer;
  readonly destination: Buffer;
}

export interface Ipv4Fields {
  /** As the fields say: header length in 32-bit words, total length in bytes, flags and offset, checksum. */
  readonly headerWords?: number;
  readonly version?: number;
  readonly totalLength?: number;
  /** DSCP and ECN. */
  readonly trafficClass?: number;
  readonly identification?: number;
  readonly fragment?: number;
  readonly ttl?: number;
  readonly checksum?: number;
  readonly options?: Buffer;
}

function completed({ protocol, bytes, checksumAt }: Segment, { source, destination }: Ip): Buffer {
  const whole = Buffer.from(bytes);
  if (checksumAt === null) return whole;
  const pseudo =
    protocol === PROTOCOL.icmp ? [] : [pseudoHeader(source, destination, protocol, whole.length)];
  whole.writeUInt16BE(internetChecksum(...pseudo, whole), checksumAt);
  return whole;
}

export function ipv4(ip: Ip, segment: Segment, fields: Ipv4Fields = {}): Buffer {
  const options = fields.options ?? Buffer.alloc(0);
  const payload = completed(segment, ip);
  const header = Buffer.concat([Buffer.alloc(12), ip.source, ip.destination, options]);
  header[0] = ((fields.version ?? 4) << 4) | (fields.headerWords ?? header.length / 4);
  header[1] = fields.trafficClass ?? 0;
  header.writeUInt16BE(fields.totalLength ?? header.length + payload.length, 2);
  header.writeUInt16BE(fields.identification ?? 0, 4);
  header.writeUInt16BE(fields.fragment ?? 0, 6);
  header[8] = fields.ttl ?? 64;
  header[9] = segment.protocol;
  header.writeUInt16BE(fields.checksum ?? internetChecksum(header), 10);
  return Buffer.concat([header, payload]);
}

export interface Ipv6Fields {
  readonly version?: number;
  /** DSCP and ECN. */
  readonly trafficClass?: number;
  readonly flowLabel?: number;
  readonly payloadLength?: number;
  readonly hopLimit?: number;
  /** Extension headers before the segment, each with the protocol number it has. */
  readonly extensions?: readonly { readonly protocol: number; readonly bytes: Buffer }[];
}

/** The first byte of every extension is overwritten with the number of what follows. */
export function ipv6(ip: Ip, segment: Segment, fields: Ipv6Fields = {}): Buffer {
  const extensions = fields.extensions ?? [];
  const numbers = [...extensions.map(({ protocol }) => protocol), segment.protocol];
  const chain = extensions.map(({ bytes }, index) => {
    const extension = Buffer.from(bytes);
    extension[0] = numbers[index + 1]!;
    return extension;
  });
  const payload = Buffer.concat([...chain, completed(segment, ip)]);
  const header = Buffer.concat([Buffer.alloc(8), ip.source, ip.destination]);
  const firstWord =
    ((fields.version ?? 6) << 28) | ((fields.trafficClass ?? 0) << 20) | (fields.flowLabel ?? 0);
  header.writeUInt32BE(firstWord >>> 0, 0);
  header.writeUInt16BE(fields.payloadLength ?? payload.length, 4);
  header[6] = numbers[0]!;
  header[7] = fields.hopLimit ?? 64;
  return Buffer.concat([header, payload]);
}

/** 4 or 16 bytes of an address; an IPv6 one may have one `::`. */
export function addressBytes(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number));
  const [front = '', back = ''] = address.split('::');
  const words = (text: string) => text.split(':').filter(Boolean);
  const zeros = Array<string>(8 - words(front).length - words(back).length).fill('0');
  return Buffer.from(
    [...words(front), ...zeros, ...words(back)].map((word) => word.padStart(4, '0')).join(''),
    'hex',
  );
}
