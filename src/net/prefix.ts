/** Prefix lengths and masks. */
import { UipvsError } from '../base/error.js';
import { addressWords, formatAddressWords } from './address.js';
import type { Family } from './family.js';

/** The addresses of a prefix. */
export interface Network {
  readonly family: Family;
  /** The first of them, in canonical form. */
  readonly address: string;
  readonly length: number;
}

/** 32 for IPv4, 128 for IPv6. */
export function maxPrefixLength(family: Family): number {
  return family === 4 ? 32 : 128;
}

/**
 * The mask of a prefix as words in host order, most significant first.
 * Throws EINVAL where `prefixLength` is not a whole number of 0..32 (IPv4) or 0..128 (IPv6).
 */
export function prefixMaskWords(prefixLength: number, family: Family): Uint32Array {
  const max = maxPrefixLength(family);
  if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > max) {
    throw new UipvsError(
      'EINVAL',
      `Expected 0..${max} for an IPv${family} prefix length but received ${prefixLength}`,
    );
  }
  const words = new Uint32Array(max / 32);
  for (const index of words.keys()) {
    const bits = Math.min(32, Math.max(0, prefixLength - index * 32));
    words[index] = bits === 0 ? 0 : (0xffffffff << (32 - bits)) >>> 0;
  }
  return words;
}

/** The mask of a prefix in text form: 24 gives 255.255.255.0. Throws as {@link prefixMaskWords} does. */
export function prefixMask(prefixLength: number, family: Family): string {
  return formatAddressWords(prefixMaskWords(prefixLength, family), 0, family);
}

/** The prefix length of a mask in words, or undefined where its one bits are not all in front. */
export function maskPrefixLength(words: Uint32Array): number | undefined {
  let length = 0;
  let isEnded = false;
  for (const word of words) {
    const ones = Math.clz32(~word);
    if (isEnded ? word !== 0 : ones < 32 && word << ones !== 0) return undefined;
    if (ones < 32) isEnded = true;
    length += ones;
  }
  return length;
}

/** `address` with every bit after the prefix cleared, in canonical text. Throws EINVAL. */
export function networkAddress(address: string, prefixLength: number): string {
  const words = addressWords(address);
  const family = words.length === 1 ? 4 : 6;
  const mask = prefixMaskWords(prefixLength, family);
  return formatAddressWords(
    words.map((word, index) => word & (mask[index] ?? 0)),
    0,
    family,
  );
}
