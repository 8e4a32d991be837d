/** Asks the kernel where it sends packets for an address, by what route, and who holds the route. */
import { isLoopbackAddress } from '../net/address-class.js';
import type { Family } from '../net/family.js';
import type { EntryKind, Location } from './entry.js';
import { type Link, listLinks } from './link.js';
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
  if (isLoopbackAddress(address)) return { location: 'loopback', holder: null };
  if (route === null) return { location: 'unreachable', holder: null };
  if (route.type === LOCAL_TYPE) return { location: 'local', holder: null };
  const isTaken = kind === 'virtual address' && route.dst === address && route.dev !== device;
  return { location: 'remote', holder: isTaken ? describeRoute(route) : null };
}

/**
 * The finding for each address, in order. One run of `ip`, two if there is a real server: of a virtual address the
 * entry in the routing table counts, of a real server the route that comes of it.
 */
export async function locate(
  system: HostSystem,
  family: Family,
  subjects: readonly Subject[],
  device: string,
): Promise<Finding[]> {
  const isReal = ({ kind }: Subject) => kind === 'real server';
  // Asked as of an ICMP packet: `ip` asks as of UDP by default, which a rule of ours for a UDP service would catch.
  const protocol = family === 4 ? ICMP_PROTOCOL : ICMPV6_PROTOCOL;
  const questions = subjects.map((subject) => {
    const what = isReal(subject) ? subject.address : `fibmatch ${subject.address}`;
    return `route get ${what} ipproto ${protocol}`;
  });
  const routes = await system.listEach(family, questions);
  const links = subjects.some(isReal) ? await listLinks(system) : new Map<string, Link>();
  const mtus = new Map<string, number>();
  const findings: Finding[] = [];
  for (const [index, subject] of subjects.entries()) {
    const route = routes[index] ?? null;
    const link = route === null ? undefined : links.get(String(route.dev));
    if (route === null || link === undefined || !isReal(subject)) {
      findings.push({ ...judge(subject, device, route), route: null });
      continue;
    }
    const deviceMtu = mtus.get(link.device) ?? (await mtuOf(system, family, link));
    mtus.set(link.device, deviceMtu);
    const source = route.prefsrc === undefined ? null : String(route.prefsrc);
    const mtuBytes = Math.min(deviceMtu, metricMtuOf(route));
    findings.push({
      ...judge(subject, device, route),
      route: { mtuBytes, source, device: link.device },
    });
  }
  return findings;
}
