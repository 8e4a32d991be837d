/** What kind of address it is. All take text and throw EINVAL where it is no address. */
import { addressWords } from './address.js';

/** 127.0.0.0/8 or ::1. */
export function isLoopbackAddress(text: string): boolean {
  const words = addressWords(text);
  const [first = 0, second = 0, third = 0, fourth = 0] = words;
  if (words.length === 1) return first >>> 24 === 127;
  return (first | second | third) === 0 && fourth === 1;
}

/** 0.0.0.0 or ::. */
export function isUnspecifiedAddress(text: string): boolean {
  return addressWords(text).every((word) => word === 0);
}

/** 224.0.0.0/4 or ff00::/8. */
export function isMulticastAddress(text: string): boolean {
  const words = addressWords(text);
  const [first = 0] = words;
  return words.length === 1 ? first >>> 28 === 0xe : first >>> 24 === 0xff;
}

/**
 * Whether the address can be one host: not unspecified, not multicast, not the limited broadcast 255.255.255.255.
 * A directed broadcast (10.0.0.255 of a /24) cannot be told by the address alone and counts as unicast.
 */
export function isUnicastAddress(text: string): boolean {
  if (isUnspecifiedAddress(text) || isMulticastAddress(text)) return false;
  const words = addressWords(text);
  return !(words.length === 1 && words[0] === 0xffffffff);
}

/** fe80::/10; never true of IPv4. */
export function isLinkLocalIpv6Address(text: string): boolean {
  const words = addressWords(text);
  return words.length === 4 && (words[0] ?? 0) >>> 22 === 0x3fa;
}
