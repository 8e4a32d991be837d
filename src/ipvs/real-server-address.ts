import { addressWords } from '../net/address.js';
import { isLinkLocalIpv6Address, isUnicastAddress } from '../net/address-class.js';

/** Third word of ::ffff:0:0/96. */
const IPV4_MAPPED_WORD = 0xffff;

/**
 * Whether a real server can have the address: unicast and, for IPv6, neither link-local nor IPv4-mapped.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_new_dest; the verdicts were compared with a running kernel. Differs
 * from the kernel: without knowledge of the host's interfaces it lets pass the broadcast address of one of their
 * subnets, and refuses a link-local address of the host itself.
 *
 * @throws UipvsError EINVAL where `address` is no address
 */
export function isRealServerAddress(address: string): boolean {
  const words = addressWords(address);
  const isMapped = words.length === 4 && words[0] === 0 && words[1] === 0 && words[2] === IPV4_MAPPED_WORD;
  return isUnicastAddress(address) && !isLinkLocalIpv6Address(address) && !isMapped;
}
