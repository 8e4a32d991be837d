/** Packets as policy rules select them: by a prefix of addresses, a protocol and a range of ports. Pure. */
import { addressWords, formatAddressWords } from '../net/address.js';
import type { Family } from '../net/family.js';
import { maxPrefixLength, prefixMaskWords } from '../net/prefix.js';

export const MAX_PORT = 65_535;

export interface Box {
  readonly family: Family;
  /** The first address of the prefix, as of addressWords(); there may be very many of these, and arrays are small. */
  readonly words: readonly number[];
  readonly length: number;
  /** IP protocol number; 0: all. */
  readonly protocol: number;
  /** 0 with `last` 65535: all ports, and packets whose ports cannot be seen. */
  readonly first: number;
  readonly last: number;
}

/** One address's. */
export function boxOf(address: string, protocol = 0, first = 0, last = MAX_PORT): Box {
  const words = Array.from(addressWords(address));
  const family = words.length === 1 ? 4 : 6;
  return { family, words, length: maxPrefixLength(family), protocol, first, last };
}

export function hasAllPorts({ first, last }: Pick<Box, 'first' | 'last'>): boolean {
  return first === 0 && last === MAX_PORT;
}

/** How many bits in front are the same. */
export function commonLength(one: readonly number[], other: readonly number[]): number {
  for (let index = 0; index < one.length; index++) {
    const difference = (one[index] ?? 0) ^ (other[index] ?? 0);
    if (difference !== 0) return index * 32 + Math.clz32(difference);
  }
  return one.length * 32;
}

/** The bit at `index`, 0 the most significant one. */
export function bitAt(words: readonly number[], index: number): number {
  return ((words[index >> 5] ?? 0) >>> (31 - (index & 31))) & 1;
}

export function prefixOf(words: readonly number[], length: number, family: Family): readonly number[] {
  const mask = prefixMaskWords(length, family);
  return words.map((word, index) => (word & (mask[index] ?? 0)) >>> 0);
}

export function contains(outer: Box, inner: Box): boolean {
  return (
    outer.length <= inner.length &&
    outer.protocol === inner.protocol &&
    outer.first <= inner.first &&
    outer.last >= inner.last &&
    commonLength(outer.words, inner.words) >= outer.length
  );
}

/** Whether a packet may be of both. */
export function overlaps(one: Box, other: Box): boolean {
  return (
    (one.protocol === other.protocol || one.protocol === 0 || other.protocol === 0) &&
    one.first <= other.last &&
    other.first <= one.last &&
    commonLength(one.words, other.words) >= Math.min(one.length, other.length)
  );
}

/** Addresses times ports. */
export function volume({ family, length, first, last }: Box): number {
  return 2 ** (maxPrefixLength(family) - length) * (last - first + 1);
}

/** Canonical. */
export function addressText(words: readonly number[], family: Family): string {
  return formatAddressWords(Uint32Array.from(words), 0, family);
}

/** `10.0.0.1` or `10.0.0.0/24`, as the kernel's programs print it. */
export function prefixText({ words, length, family }: Pick<Box, 'words' | 'length' | 'family'>): string {
  const address = addressText(words, family);
  return length === maxPrefixLength(family) ? address : `${address}/${length}`;
}

/** Equal for equal boxes. */
export function boxKey(box: Box): string {
  return `${box.words.join(':')}/${box.length} ${box.protocol} ${box.first}-${box.last}`;
}
