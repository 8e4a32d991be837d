/**
 * Whole IP packets, to be sent without a socket, so that a state machine can be given what no TCP or SCTP would say.
 * All checksums are right; sequence numbers, windows and tags mean nothing. Source: RFC 791, 8200, 9293, 768, 9260, 792,
 * 4443, 4302, 4303.
 */
import { addressWords } from '../../src/net/address.js';
import type { Endpoint } from '../../src/net/endpoint.js';
import { crc32c } from './crc32c.js';
import type { Content } from './packet-content.js';

const PROTOCOL_NUMBERS = { tcp: 6, udp: 17, sctp: 132, esp: 50, ah: 51 } as const;
const ICMP = {
  4: { protocol: 1, type: 3, portUnreachable: 3 },
  6: { protocol: 58, type: 1, portUnreachable: 4 },
} as const;
/** A security parameters index and a number; of AH in front: no next header, its length in words less 2. */
const IPSEC_BYTES = {
  esp: Buffer.from([0, 0, 16, 1, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8]),
  ah: Buffer.from([59, 4, 0, 0, 0, 0, 16, 1, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]),
} as const;
const TTL = 64;
const IPV4_HEADER_BYTES = 20;
const IPV6_HEADER_BYTES = 40;
const SCTP_HEADER_BYTES = 12;

/** Chunks that have fixed fields; the others are bare headers of 4 bytes, which is all that a balancer looks at. */
const SCTP_CHUNK_BYTES: Readonly<Record<number, number>> = { 0: 20, 1: 20, 2: 20, 3: 16, 7: 8 };

/** The bytes of one packet. Both addresses are of one family. */
export function packet(content: Content, source: Endpoint, target: Endpoint): Buffer {
  const from = addressBytes(source.address);
  const to = addressBytes(target.address);
  if (content.protocol === 'icmp') return icmpError(packet(content.quoted, target, source), from, to);
  const protocol = PROTOCOL_NUMBERS[content.protocol];
  if (content.protocol === 'esp' || content.protocol === 'ah') {
    return withHeader(from, to, protocol, IPSEC_BYTES[content.protocol]);
  }
  const payload = transport(content, source.port, target.port);
  const hasSum = content.protocol === 'tcp' || (content.protocol === 'udp' && content.isUnsummed !== true);
  if (hasSum) {
    const at = content.protocol === 'tcp' ? 16 : 6;
    const sum = onesComplement(Buffer.concat([pseudoHeader(from, to, protocol, payload.length), payload]));
    payload.writeUInt16BE(sum === 0 && content.protocol === 'udp' ? 0xffff : sum, at);
  }
  return withHeader(from, to, protocol, payload);
}

function withHeader(from: Buffer, to: Buffer, protocol: number, payload: Buffer): Buffer {
  const header = from.length === 4 ? ipv4Header : ipv6Header;
  return Buffer.concat([header(from, to, protocol, payload.length), payload]);
}

function icmpError(quoted: Buffer, from: Buffer, to: Buffer): Buffer {
  const { protocol, type, portUnreachable } = ICMP[from.length === 4 ? 4 : 6];
  const payload = Buffer.concat([Buffer.from([type, portUnreachable, 0, 0, 0, 0, 0, 0]), quoted]);
  const pseudo = from.length === 4 ? Buffer.alloc(0) : pseudoHeader(from, to, protocol, payload.length);
  payload.writeUInt16BE(onesComplement(Buffer.concat([pseudo, payload])), 2);
  return withHeader(from, to, protocol, payload);
}

function addressBytes(text: string): Buffer {
  const words = addressWords(text);
  const bytes = Buffer.alloc(words.length * 4);
  for (const [index, word] of words.entries()) bytes.writeUInt32BE(word, index * 4);
  return bytes;
}

type WithPorts = Content & { readonly protocol: 'tcp' | 'udp' | 'sctp' };

function transport(content: WithPorts, sourcePort: number, targetPort: number): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(4), transportAfterPorts(content)]);
  bytes.writeUInt16BE(sourcePort, 0);
  bytes.writeUInt16BE(targetPort, 2);
  if (content.protocol === 'sctp') bytes.writeUInt32LE(crc32c(bytes), 8);
  return bytes;
}

function transportAfterPorts(content: WithPorts): Buffer {
  switch (content.protocol) {
    case 'tcp': {
      const bytes = Buffer.alloc(16);
      bytes.writeUInt32BE(1000, 0);
      bytes.writeUInt8(5 << 4, 8); // header length in words
      bytes.writeUInt8(content.flags, 9);
      bytes.writeUInt16BE(0x2000, 10);
      return bytes;
    }
    case 'udp': {
      const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from(content.payload, 'latin1')]);
      bytes.writeUInt16BE(bytes.length + 4, 0);
      return bytes;
    }
    case 'sctp': {
      const tagAndSum = Buffer.alloc(SCTP_HEADER_BYTES - 4);
      tagAndSum.writeUInt32BE(content.chunkTypes[0] === 1 ? 0 : 1, 0); // an INIT has no tag
      return Buffer.concat([tagAndSum, ...content.chunkTypes.map(chunk)]);
    }
  }
}

function chunk(type: number): Buffer {
  const bytes = Buffer.alloc(SCTP_CHUNK_BYTES[type] ?? 4);
  bytes.writeUInt8(type, 0);
  if (type === 0) bytes.writeUInt8(3, 1); // first and last fragment
  bytes.writeUInt16BE(bytes.length, 2);
  return bytes;
}

function ipv4Header(from: Buffer, to: Buffer, protocol: number, payloadBytes: number): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(12), from, to]);
  bytes.writeUInt8(0x45, 0);
  bytes.writeUInt16BE(IPV4_HEADER_BYTES + payloadBytes, 2);
  bytes.writeUInt8(TTL, 8);
  bytes.writeUInt8(protocol, 9);
  bytes.writeUInt16BE(onesComplement(bytes), 10);
  return bytes;
}

function ipv6Header(from: Buffer, to: Buffer, protocol: number, payloadBytes: number): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(IPV6_HEADER_BYTES - 32), from, to]);
  bytes.writeUInt8(0x60, 0);
  bytes.writeUInt16BE(payloadBytes, 4);
  bytes.writeUInt8(protocol, 6);
  bytes.writeUInt8(TTL, 7);
  return bytes;
}

/** The same 32 bits for both families, as lengths and protocol numbers are small. */
function pseudoHeader(from: Buffer, to: Buffer, protocol: number, payloadBytes: number): Buffer {
  const tail = Buffer.alloc(4);
  tail.writeUInt16BE(protocol, 0);
  tail.writeUInt16BE(payloadBytes, 2);
  return Buffer.concat([from, to, tail]);
}

/** Source: RFC 1071. */
function onesComplement(bytes: Buffer): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) {
    sum += (bytes[index] ?? 0) * 256 + (bytes[index + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
