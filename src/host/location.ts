/** Asks the kernel where it sends packets for an address, and who holds the route. */
import { isLoopbackAddress } from '../net/address-class.js';
import type { Family } from '../net/family.js';
import type { Location } from './entry.js';
import { OWNER } from './rule.js';
import type { HostSystem, Json } from './system.js';

// Specification: linux/rtnetlink.h, RTN_*. `ip -N` leaves out unicast.
const LOCAL_TYPE = '2';
const TYPE_NAMES: Readonly<Record<string, string>> = {
  [LOCAL_TYPE]: 'local',
  3: 'broadcast',
  4: 'anycast',
  5: 'multicast',
  6: 'blackhole',
  7: 'unreachable',
  8: 'prohibit',
};

export interface Finding {
  readonly location: Location;
  /** Who has a route for exactly this address, if that is not the given device; null when nobody has. */
  readonly holder: string | null;
}

/** What a route leads to, in words. */
export function describeRoute(route: Json): string {
  const type = TYPE_NAMES[String(route.type)];
  if (type !== undefined) return `a ${type} route`;
  const by = String(route.protocol) === String(OWNER) ? ' (another uipvs daemon)' : '';
  return `device ${String(route.dev)}${by}`;
}

function judge(address: string, device: string, route: Json | null): Finding {
  if (isLoopbackAddress(address)) return { location: 'loopback', holder: null };
  if (route === null) return { location: 'unreachable', holder: null };
  if (route.type === LOCAL_TYPE) return { location: 'local', holder: null };
  const isExact = route.dst === address && route.dev !== device;
  return { location: 'remote', holder: isExact ? describeRoute(route) : null };
}

/** The finding for each address, in order. One run of `ip`. */
export async function locate(
  system: HostSystem,
  family: Family,
  addresses: readonly string[],
  device: string,
): Promise<Finding[]> {
  const routes = await system.listEach(
    family,
    addresses.map((address) => `route get fibmatch ${address}`),
  );
  return addresses.map((address, index) => judge(address, device, routes[index] ?? null));
}
