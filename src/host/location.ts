/** Asks the kernel where it sends packets for an address, by what route, and who holds the route. */
import { isLoopbackAddress } from '../net/address-class.js';
import type { Family } from '../net/family.js';
import type { EntryKind, Location } from './entry.js';
import { type Link, listLinks } from './link.js';
import { lookUpAll } from './route-lookup.js';
import { ICMP_PROTOCOL, ICMPV6_PROTOCOL, OWNER } from './rule.js';
import { IPV6 } from './settings.js';
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

/** The way of the kernel's packets to an address. */
export interface RouteFacts {
  /** The largest packet that leaves by it: the device's, or less if the route says so or a smaller one was learned. */
  readonly mtuBytes: number;
  /** The address the host itself would send from; null when it has none for this. */
  readonly source: string | null;
  readonly device: string;
}

export interface Finding {
  readonly location: Location;
  /** Who has a route for exactly this virtual address, if that is not the given device; null when nobody has. */
  readonly holder: string | null;
  /** Of a virtual address: in a subnet of the host. */
  readonly isOnLink: boolean;
  /** Of a real server that can be reached. */
  readonly route: RouteFacts | null;
}

export interface Subject {
  readonly kind: EntryKind;
  readonly address: string;
}

/** What a route leads to, in words. */
export function describeRoute(route: Json): string {
  const type = TYPE_NAMES[String(route.type)];
  if (type !== undefined) return `a ${type} route`;
  const by = String(route.protocol) === String(OWNER) ? ' (another uipvs daemon)' : '';
  return `device ${String(route.dev)}${by}`;
}

export function isSameRoute(one: RouteFacts | null, other: RouteFacts | null): boolean {
  return one?.mtuBytes === other?.mtuBytes && one?.source === other?.source && one?.device === other?.device;
}

/** A device's MTU for IPv6 may be less than its own. */
async function mtuOf(system: HostSystem, family: Family, link: Link): Promise<number> {
  const text = family === 6 ? await system.readSetting(`${IPV6}/conf/${link.device}/mtu`) : null;
  return text === null ? link.mtuBytes : Math.min(link.mtuBytes, Number(text));
}

function metricMtuOf(route: Json): number {
  const metrics = Array.isArray(route.metrics) ? (route.metrics as readonly Json[]) : [];
  const mtus = metrics.map(({ mtu }) => Number(mtu)).filter((mtu) => mtu > 0);
  return Math.min(...mtus);
}

function judge({ kind, address }: Subject, device: string, route: Json | null): Omit<Finding, 'route'> {
  if (isLoopbackAddress(address)) return { location: 'loopback', holder: null, isOnLink: false };
  if (route === null) return { location: 'unreachable', holder: null, isOnLink: false };
  if (route.type === LOCAL_TYPE) return { location: 'local', holder: null, isOnLink: false };
  const isTaken = kind === 'virtual address' && route.dst === address && route.dev !== device;
  const isSubnet = kind === 'virtual address' && route.dst !== 'default' && route.dst !== address;
  const isOnLink = isSubnet && route.dev !== device && route.gateway === undefined;
  return { location: 'remote', holder: isTaken ? describeRoute(route) : null, isOnLink };
}

/** Whether what the kernel says of one address may stand for others', see route-lookup.ts; then it is faster. */
export type Thoroughness = 'each' | 'shared';

/**
 * The finding for each address, in order: of a virtual address the entry in the routing table counts, of a real server
 * the route that comes of it. Some runs of `ip`, whatever the number.
 */
export async function locate(
  system: HostSystem,
  family: Family,
  subjects: readonly Subject[],
  device: string,
  thoroughness: Thoroughness,
): Promise<Finding[]> {
  const isReal = ({ kind }: Subject) => kind === 'real server';
  // Asked as of an ICMP packet: `ip` asks as of UDP by default, which a rule of ours for a UDP service would catch.
  const options = `ipproto ${family === 4 ? ICMP_PROTOCOL : ICMPV6_PROTOCOL}`;
  const servers = subjects.filter(isReal).map(({ address }) => address);
  const others = subjects.filter((subject) => !isReal(subject));
  const lines = (addresses: readonly string[]) =>
    addresses.map((address) => `route get ${address} ${options}`);
  const ofServers =
    thoroughness === 'each'
      ? await system.listEach(family, lines(servers))
      : await lookUpAll(system, family, servers, options);
  const ofOthers = await system.listEach(family, lines(others.map(({ address }) => `fibmatch ${address}`)));
  const links = servers.length > 0 ? await listLinks(system) : new Map<string, Link>();
  const mtus = new Map<string, number>();
  for (const link of links.values()) mtus.set(link.device, await mtuOf(system, family, link));
  const facts = new Map<Json, RouteFacts | null>();
  let [server, other] = [0, 0];
  return subjects.map((subject): Finding => {
    const isServer = isReal(subject);
    const route = (isServer ? ofServers[server++] : ofOthers[other++]) ?? null;
    const judged = judge(subject, device, route);
    if (route === null || !isServer) return { ...judged, route: null };
    const known = facts.get(route) ?? factsOf(route, mtus);
    facts.set(route, known);
    return { ...judged, route: known };
  });
}

/** Null where the device has gone meanwhile. */
function factsOf(route: Json, mtus: ReadonlyMap<string, number>): RouteFacts | null {
  const device = String(route.dev);
  const deviceMtu = mtus.get(device);
  if (deviceMtu === undefined) return null;
  const source = route.prefsrc === undefined ? null : String(route.prefsrc);
  return { mtuBytes: Math.min(deviceMtu, metricMtuOf(route)), source, device };
}
