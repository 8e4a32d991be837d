/**
 * The Internet checksum, as its definition reads: no carries deferred, no words combined. The slow twin of
 * native/core/checksum.h. Source: RFC 1071 1, RFC 768 (UDP), RFC 9293 3.1 (TCP), RFC 8200 8.1 (pseudo-header).
 */

/** Ones' complement sum of 16-bit big-endian words; an odd last byte is padded with zero. 0..0xffff. */
export function onesComplementSum(bytes: Uint8Array, start = 0): number {
  let sum = start;
  for (let at = 0; at < bytes.length; at += 2) {
    sum += (bytes[at]! << 8) | (bytes[at + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}

/** The words that TCP, UDP and ICMPv6 sum besides their own bytes. Addresses are 4 or 16 bytes each. */
export function pseudoHeader(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  length: number,
): Uint8Array {
  const tail = Buffer.alloc(source.length === 4 ? 4 : 8);
  if (source.length === 4) {
    tail[1] = protocol;
    tail.writeUInt16BE(length, 2);
  } else {
    tail.writeUInt32BE(length, 0);
    tail[7] = protocol;
  }
  return Buffer.concat([source, destination, tail]);
}

/** What belongs into a checksum field over `parts`, in which that field is zero; each part but the last is even. */
export function internetChecksum(...parts: readonly Uint8Array[]): number {
  return 0xffff - parts.reduce((sum, part) => onesComplementSum(part, sum), 0);
}
