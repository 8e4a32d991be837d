/** What `-M` says: an IPv4 mask of any bits, or an IPv6 prefix length. */
import { formatAddressWords } from '../net/address.js';
import type { Family } from '../net/family.js';

const SINGLE_HOST_MASK = 0xffffffff;
const SINGLE_HOST_PREFIX_V6 = 128;

/** The netmask that keeps every client apart: what holds without `-M`, and what listings leave out. */
export function singleHostNetmask(family: Family): number {
  return family === 4 ? SINGLE_HOST_MASK : SINGLE_HOST_PREFIX_V6;
}

/** `option` and the netmask, after blanks; nothing where it keeps every client apart. */
export function formatNetmask(option: string, netmask: number, family: Family): string {
  if (netmask === singleHostNetmask(family)) return '';
  const text = family === 4 ? formatAddressWords(Uint32Array.of(netmask), 0, 4) : String(netmask);
  return ` ${option} ${text}`;
}
