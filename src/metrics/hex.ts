/** Addresses and numbers as the files of /proc/net write them. */
import { addressWords } from '../net/address.js';

const OCTETS: readonly string[] = Array.from({ length: 256 }, (_, octet) => hex(octet, 2));

/** Upper case, zeros in front; `value` is 0 or more and may be as large as an exact integer can. */
export function hex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, '0');
}

/** Upper case, blanks in front. */
export function blankHex(value: number, digits: number): string {
  return value.toString(16).toUpperCase().padStart(digits, ' ');
}

/**
 * An address in the files' form: `0A090001`, `[fd09:0000:0000:0000:0000:0000:0000:0001]`. `address` must be canonical: IPv4 is
 * not checked, because a hundred thousand of them are written in one go.
 * Source: the kernel's %08X of a host-order address, and %pI6 (Documentation/core-api/printk-formats.rst).
 */
export function bracketedProcAddress(address: string): string {
  return address.includes(':') ? `[${ipv6(address)}]` : ipv4(address);
}

function ipv4(address: string): string {
  let text = '';
  let octet = 0;
  for (let index = 0; index < address.length; index += 1) {
    const digit = address.charCodeAt(index) - 48;
    if (digit >= 0) {
      octet = octet * 10 + digit;
    } else {
      text += OCTETS[octet];
      octet = 0;
    }
  }
  return text + OCTETS[octet];
}

function ipv6(address: string): string {
  const groups: string[] = [];
  for (const word of addressWords(address)) {
    const digits = word.toString(16).padStart(8, '0');
    groups.push(digits.slice(0, 4), digits.slice(4));
  }
  return groups.join(':');
}
