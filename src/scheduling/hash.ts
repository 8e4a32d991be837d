/**
 * Theory of operation: the hash functions of sh, dh and mh.
 *
 * All begin with an address folded to 32 bits. dh and sh multiply (hash_32), so near addresses land far apart but the
 * result is anybody's to predict; mh uses SipHash-1-3 cut to 32 bits, with keys that are constants, so that every
 * director builds the same table. SipHash works on 64-bit words: each is two 32-bit halves here, because BigInt
 * allocates.
 */

/** Source: include/linux/hash.h, GOLDEN_RATIO_32. */
const GOLDEN_RATIO_32 = 0x61c88647;

/** A SipHash key whose two 64-bit words are the same number below 2^32. */
export type SipHashKey = number;

/**
 * An address as one word: its words exclusive-ored. The result is signed, for V8 to keep it off the heap.
 *
 * Source: ip_vs_sh.c, ip_vs_sh_hashkey.
 */
export function foldAddress(words: Uint32Array): number {
  let folded = 0;
  for (let index = 0; index < words.length; index += 1) folded ^= words[index] ?? 0;
  return folded;
}

/** The upper `bits` (1..32) of `value` times a constant, modulo 2^32. Source: include/linux/hash.h, hash_32. */
export function hash32(value: number, bits: number): number {
  return Math.imul(value, GOLDEN_RATIO_32) >>> (32 - bits);
}

/**
 * SipHash-1-3 of the 32-bit `value`, cut to its lower 32 bits.
 *
 * Source: lib/siphash.c, hsiphash_1u32 on 64-bit machines; Aumasson and Bernstein, "SipHash: a fast short-input PRF".
 */
export function hsipHash(value: number, key: SipHashKey): number {
  let v0h = 0x736f6d65;
  let v0l = 0x70736575 ^ key;
  let v1h = 0x646f7261;
  let v1l = 0x6e646f6d ^ key;
  let v2h = 0x6c796765;
  let v2l = 0x6e657261 ^ key;
  let v3h = 0x74656462 ^ 0x04000000;
  let v3l = 0x79746573 ^ key ^ value;
  for (let round = 0; round < 4; round += 1) {
    let low = (v0l >>> 0) + (v1l >>> 0);
    let high = v0h + v1h + (low > 0xffffffff ? 1 : 0);
    v0l = high | 0;
    v0h = low | 0;
    low = (v1l << 13) | (v1h >>> 19);
    high = (v1h << 13) | (v1l >>> 19);
    v1l = low ^ v0h;
    v1h = high ^ v0l;

    low = (v2l >>> 0) + (v3l >>> 0);
    v2h = (v2h + v3h + (low > 0xffffffff ? 1 : 0)) | 0;
    v2l = low | 0;
    low = (v3l << 16) | (v3h >>> 16);
    high = (v3h << 16) | (v3l >>> 16);
    v3l = low ^ v2l;
    v3h = high ^ v2h;

    low = (v0l >>> 0) + (v3l >>> 0);
    v0h = (v0h + v3h + (low > 0xffffffff ? 1 : 0)) | 0;
    v0l = low | 0;
    low = (v3l << 21) | (v3h >>> 11);
    high = (v3h << 21) | (v3l >>> 11);
    v3l = low ^ v0l;
    v3h = high ^ v0h;

    low = (v2l >>> 0) + (v1l >>> 0);
    high = v2h + v1h + (low > 0xffffffff ? 1 : 0);
    v2l = high | 0;
    v2h = low | 0;
    low = (v1l << 17) | (v1h >>> 15);
    high = (v1h << 17) | (v1l >>> 15);
    v1l = low ^ v2h;
    v1h = high ^ v2l;

    if (round === 0) {
      v0l ^= value;
      v0h ^= 0x04000000;
      v2l ^= 0xff;
    }
  }
  return (v0l ^ v1l ^ v2l ^ v3l) >>> 0;
}
