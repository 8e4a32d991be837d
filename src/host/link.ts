/** The host's network devices: what a route by them and a neighbour on them need to know. */
import { isLinkLocalIpv6Address } from '../net/address-class.js';
import type { Family } from '../net/family.js';
import { maxPrefixLength, networkAddress } from '../net/prefix.js';
import type { HostSystem, Json } from './system.js';

export interface Link {
  readonly device: string;
  readonly mtuBytes: number;
  /** Text such as 02:00:00:00:00:01; empty where the device has none. */
  readonly mac: string;
  /** True when hosts on it ask for one another's MAC addresses, and the device is up. */
  readonly hasNeighbours: boolean;
}

// Specification: linux/if_arp.h, ARPHRD_ETHER, as `ip -N` and `ip` print it.
const ETHERNET: readonly unknown[] = ['[1]', 'ether'];

function flagsOf(link: Json): readonly unknown[] {
  return Array.isArray(link.flags) ? link.flags : [];
}

/** All devices by name. One run of `ip`. */
export async function listLinks(system: HostSystem): Promise<ReadonlyMap<string, Link>> {
  const links = (await system.list(4, ['link', 'show'])).map((json): Link => {
    const flags = flagsOf(json);
    return {
      device: String(json.ifname),
      mtuBytes: Number(json.mtu),
      mac: String(json.address ?? ''),
      hasNeighbours: ETHERNET.includes(json.link_type) && flags.includes('UP') && !flags.includes('NOARP'),
    };
  });
  return new Map(links.map((link) => [link.device, link]));
}

export interface Subnet {
  readonly device: string;
  /** Canonical. */
  readonly network: string;
  readonly prefixLength: number;
}

/**
 * The subnets that the host has an address in, link-local ones and those of a single address left out. Devices may have
 * a subnet in common. One run of `ip`.
 */
export async function listSubnets(system: HostSystem, family: Family): Promise<readonly Subnet[]> {
  const subnets: Subnet[] = [];
  for (const link of await system.list(family, ['address', 'show'])) {
    const addresses = Array.isArray(link.addr_info) ? (link.addr_info as readonly Json[]) : [];
    for (const { local, address, prefixlen } of addresses) {
      // With a peer's address the subnet is the peer's.
      const text = String(address ?? local);
      const prefixLength = Number(prefixlen);
      if (isLinkLocalIpv6Address(text) || prefixLength >= maxPrefixLength(family)) continue;
      subnets.push({
        device: String(link.ifname),
        network: networkAddress(text, prefixLength),
        prefixLength,
      });
    }
  }
  return subnets;
}

/** The devices in whose subnets the address lies. */
export function devicesAround(address: string, subnets: readonly Subnet[]): readonly string[] {
  const around = subnets.filter(
    ({ network, prefixLength }) => networkAddress(address, prefixLength) === network,
  );
  return [...new Set(around.map(({ device }) => device))];
}
