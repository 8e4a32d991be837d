import { addressWords } from '../net/address.js';

/**
 * An address as node_exporter prints it. `address` must be canonical. Differs from that form where IPv6 carries IPv4:
 * a mapped address is printed as the IPv4 address, a compatible one without a dotted quad.
 * Source: Go, net.IP.String.
 */
export function nodeExporterAddress(address: string): string {
  if (!address.includes(':') || !address.includes('.')) return address;
  if (address.startsWith('::ffff:')) return address.slice('::ffff:'.length);
  const word = addressWords(address)[3] ?? 0;
  return `::${(word >>> 16).toString(16)}:${(word & 0xffff).toString(16)}`;
}
