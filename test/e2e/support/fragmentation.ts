/** Cuts a UDP datagram into fragments as a test wants them. Source: RFC 791 3.2, RFC 8200 4.5. */
import { internetChecksum, pseudoHeader } from './checksum.js';
import { type Ip, ipv4, ipv6, PROTOCOL, raw, type Segment, udp } from './frames.js';

const MORE_FRAGMENTS4 = 0x2000;

/** One piece of a datagram: where it begins, and whether another follows. */
export interface Piece {
  readonly offset: number;
  readonly bytes: Buffer;
  readonly hasMore: boolean;
}

/** A UDP datagram with a right checksum, as the bytes above IP. */
export function wholeDatagram(ip: Ip, sourcePort: number, destinationPort: number, data: Buffer): Buffer {
  const { bytes } = udp({ sourcePort, destinationPort, data });
  const pseudo = pseudoHeader(ip.source, ip.destination, PROTOCOL.udp, bytes.length);
  bytes.writeUInt16BE(internetChecksum(pseudo, bytes) || 0xffff, 6);
  return bytes;
}

/** `pieceBytes` is a multiple of 8. */
export function pieces(whole: Buffer, pieceBytes = 1400): Piece[] {
  const count = Math.ceil(whole.length / pieceBytes);
  return Array.from({ length: count }, (_, index) => ({
    offset: index * pieceBytes,
    bytes: whole.subarray(index * pieceBytes, (index + 1) * pieceBytes),
    hasMore: index < count - 1,
  }));
}

/** The packet that carries a piece. */
export function fragment(ip: Ip, identification: number, piece: Piece): Buffer {
  const segment: Segment = raw(PROTOCOL.udp, piece.bytes);
  if (ip.source.length === 4) {
    const flags = piece.hasMore ? MORE_FRAGMENTS4 : 0;
    return ipv4(ip, segment, { identification, fragment: flags | (piece.offset / 8) });
  }
  const header = Buffer.alloc(8);
  header.writeUInt16BE(piece.offset | (piece.hasMore ? 1 : 0), 2);
  header.writeUInt32BE(identification, 4);
  return ipv6(ip, segment, { extensions: [{ protocol: PROTOCOL.fragment6, bytes: header }] });
}
