/** The reflected polynomial of CRC-32C. Source: RFC 9260 appendix A. */
const POLYNOMIAL = 0x82f63b78;

/** The CRC-32C (Castagnoli) of `bytes` as an unsigned number. */
export function crc32c(bytes: Uint8Array): number {
  let remainder = 0xffffffff;
  for (const byte of bytes) {
    remainder ^= byte;
    for (let bit = 0; bit < 8; bit += 1) {
      remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
    }
  }
  return ~remainder >>> 0;
}
