/** Ranges of addresses as `network/length`, in one canonical text. */
import { quoted, UipvsError } from '../base/error.js';
import { addressWords } from '../net/address.js';
import type { Family } from '../net/family.js';
import { maxPrefixLength, networkAddress } from '../net/prefix.js';

export interface Cidr {
  readonly family: Family;
  /** Canonical, every bit behind the prefix 0. */
  readonly network: string;
  /** 0..32 (IPv4) or 0..128 (IPv6). */
  readonly prefixLength: number;
}

/**
 * The range that `text` says; an address without a length is a range of its own, and bits behind the prefix do not
 * count. Throws EINVAL where `text` is none.
 * Source: RFC 4632 section 3.1, RFC 4291 section 2.3.
 */
export function parseCidr(text: string): Cidr {
  const match = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  const [, address, digits] = match ?? [];
  if (address === undefined) {
    throw new UipvsError('EINVAL', `Expected a CIDR like 10.0.0.0/8 but received ${quoted(text)}`);
  }
  const family: Family = addressWords(address).length === 1 ? 4 : 6;
  const prefixLength = digits === undefined ? maxPrefixLength(family) : Number(digits);
  return { family, network: networkAddress(address, prefixLength), prefixLength };
}

/** `text` as `network/length`: 10.1.2.3/8 gives 10.0.0.0/8. Throws as {@link parseCidr} does. */
export function canonicalCidr(text: string): string {
  const { network, prefixLength } = parseCidr(text);
  return `${network}/${prefixLength}`;
}
