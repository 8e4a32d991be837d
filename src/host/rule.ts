/** Policy rules and routes as lines for `ip -batch`, and back from `ip -N -json`. */
import type { Family, ProtocolName } from '../net/family.js';
import { type PortRange, rangeText } from './port-range.js';
import type { HostSystem, Json } from './system.js';

// Specification: linux/rtnetlink.h, linux/in.h.
export const LOCAL_TABLE = 255;
export const MAIN_TABLE = 254;
export const PROTOCOL_NUMBERS: Readonly<Record<ProtocolName, number>> = { tcp: 6, udp: 17, sctp: 132 };
/** RTN_BLACKHOLE, as `ip -N` prints it. */
const BLACKHOLE_TYPE = '6';
export const ICMP_PROTOCOL = 1;
export const ICMPV6_PROTOCOL = 58;
/** ESP and AH, which follow the connections of UDP port 500: native/core/ipsec.h. */
export const IPSEC_PROTOCOLS: readonly number[] = [50, 51];

// Implementation.
/** Marks every rule and route of ours, whichever daemon made it. No name in rt_protos has this number. */
export const OWNER = 117;
export const PREFERENCE = {
  /** ICMP errors of the host itself. */
  ownErrors: 39,
  /** ICMP to addresses of the host stays with the host, neighbour discovery above all. Shared by all daemons. */
  hostIcmp: 40,
  /** What our device sends jumps over our other rules, to the local rule. */
  reinjected: 41,
  /** One a firewall mark. */
  firewallMark: 45,
  /** Captured packets for VIPs that are no addresses of the host end here, see capture-rules.ts. */
  capturedVip: 46,
  /** And those for services on VIPs that are. */
  capturedService: 47,
  /** Services whose VIP is a local address. */
  virtualService: 50,
  /** Merged ones, see cover.ts, behind those that others have of their own. */
  wideService: 51,
  /** Replies of real servers that are addresses of the host. */
  localRealServer: 55,
  wideLocalServer: 56,
  /** Protocols that services have go on to the rules of real servers. Shared by all daemons. */
  balancedProtocol: 58,
  /** The rest jumps to the local rule. Shared by all daemons. */
  otherProtocol: 59,
  /** What the host itself sends comes from no real server. Shared by all daemons. */
  ownPacket: 60,
  /** Captured packets of real servers end here. */
  capturedReply: 61,
  /** Where ICMP and IPsec go on, which are not captured. As 60. */
  ownError: 62,
  /** Packets of real servers. */
  realServer: 63,
  wideServer: 64,
  /** ICMP of whoever is where real servers are. */
  routerError: 65,
  /** Packets that show a port jump from here to the local rule. Shared by all daemons. */
  withPorts: 66,
  /** The others for VIPs that are addresses of the host: fragments. */
  withoutPorts: 67,
  wideWithoutPorts: 68,
  /** The same for whatever address, while there are firewall marks. */
  markedWithoutPorts: 69,
  /** Where the rule for table local goes, as Cilium moves it. Shared by all daemons. */
  movedLocal: 100,
} as const;

/** ICMP errors as {@link errorRules} selects them. Source: RFC 792, RFC 1812 section 5.2.7.1; RFC 4443 sections 3.1, 3.2. */
const ERROR_PORTS: Readonly<Record<Family, readonly PortRange[]>> = {
  4: [
    { first: 0x300, last: 0x301 },
    { first: 0x304, last: 0x30f },
  ],
  6: [
    { first: 0x100, last: 0x103 },
    { first: 0x105, last: 0x200 },
  ],
};

/** The one that {@link errorRules} leaves out, in the same way. Source: RFC 792, RFC 4443 section 3.1. */
export const CLOSED_PORT: Readonly<Record<Family, PortRange>> = {
  4: { first: 0x303, last: 0x303 },
  6: { first: 0x104, last: 0x104 },
};

export interface Rule {
  readonly preference: number;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly iif?: string | undefined;
  /** Firewall mark, compared with all 32 bits of a packet's. */
  readonly mark?: number | undefined;
  /** IP protocol number. */
  readonly protocol?: number | undefined;
  readonly sourcePorts?: PortRange | undefined;
  readonly destinationPorts?: PortRange | undefined;
  readonly action: { readonly lookup: number } | { readonly goto: number };
  /** The routing protocol number the rule is marked with. */
  readonly owner: number;
}

/** `rule add` and `rule del` both take this text; equal rules have equal texts. */
export function ruleText(rule: Rule): string {
  const parts = [`pref ${rule.preference}`];
  if (rule.from !== undefined) parts.push(`from ${rule.from}`);
  if (rule.to !== undefined) parts.push(`to ${rule.to}`);
  if (rule.iif !== undefined) parts.push(`iif ${rule.iif}`);
  if (rule.mark !== undefined) parts.push(`fwmark 0x${rule.mark.toString(16)}`);
  if (rule.protocol !== undefined) parts.push(`ipproto ${rule.protocol}`);
  if (rule.sourcePorts !== undefined) parts.push(`sport ${rangeText(rule.sourcePorts)}`);
  if (rule.destinationPorts !== undefined) parts.push(`dport ${rangeText(rule.destinationPorts)}`);
  parts.push('lookup' in rule.action ? `lookup ${rule.action.lookup}` : `goto ${rule.action.goto}`);
  parts.push(`protocol ${rule.owner}`);
  return parts.join(' ');
}

/**
 * ICMP errors that the host itself makes of packets it forwards, and no other packets of it: a route for an ICMP packet
 * is looked up with its type and code where other protocols have the destination port, type * 256 + code. These are all
 * codes of destination unreachable but those for a closed port, and IPv6's packet too big. Packets that come in have no
 * port there, so an error of another host is not meant.
 * Source: linux include/net/flow.h, union flowi_uli; net/ipv4/icmp.c, icmp_route_lookup(); net/ipv6/icmp.c, icmp6_send().
 */
export function errorRules(family: Family, table: number): readonly Rule[] {
  return ERROR_PORTS[family].map((destinationPorts) => ({
    preference: PREFERENCE.ownErrors,
    iif: 'lo',
    protocol: family === 4 ? ICMP_PROTOCOL : ICMPV6_PROTOCOL,
    destinationPorts,
    action: { lookup: table },
    owner: OWNER,
  }));
}

/** All that a rule can name. Source: linux include/net/fib_rules.h, fib_rule_port_range_valid(). */
const NAMED_PORTS: PortRange = { first: 1, last: 65_534 };

/**
 * The rules that every daemon needs and that are the same for all. The jumps let only protocols a service can have,
 * and their errors, on to the rules of real servers; what has no protocol, above all ARP, is left to the host.
 */
export function sharedRules(family: Family, localPreference: number): readonly Rule[] {
  const errors = family === 4 ? ICMP_PROTOCOL : ICMPV6_PROTOCOL;
  const jump = (protocol: number, goto: number): Rule => {
    return { preference: PREFERENCE.balancedProtocol, protocol, action: { goto }, owner: OWNER };
  };
  // A jump needs a rule at its target: the two for the host's own packets are there even without a real server.
  const [toHost, iif] = [{ action: { goto: localPreference }, owner: OWNER }, 'lo'];
  const jumps: readonly Rule[] = [
    ...Object.values(PROTOCOL_NUMBERS).map((protocol) => jump(protocol, PREFERENCE.ownPacket)),
    ...[...IPSEC_PROTOCOLS, errors].map((protocol) => jump(protocol, PREFERENCE.ownError)),
    { preference: PREFERENCE.otherProtocol, ...toHost },
    { preference: PREFERENCE.ownPacket, iif, ...toHost },
    { preference: PREFERENCE.ownError, iif, ...toHost },
    ...Object.values(PROTOCOL_NUMBERS).map((protocol): Rule => {
      return { preference: PREFERENCE.withPorts, protocol, destinationPorts: NAMED_PORTS, ...toHost };
    }),
  ];
  const preference = PREFERENCE.hostIcmp;
  return [{ preference, protocol: errors, action: { lookup: LOCAL_TABLE }, owner: OWNER }, ...jumps];
}

/** A rule as the kernel lists it. */
export interface ListedRule extends Rule {
  /** False when the kernel's rule has a selector that {@link Rule} cannot say. */
  readonly isFullyKnown: boolean;
}

const KNOWN_FIELDS = new Set(
  'priority src srclen dst dstlen iif iif_detached fwmark ipproto sport sport_start sport_end dport dport_start dport_end table goto unresolved protocol'.split(
    ' ',
  ),
);

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== 'all' ? value : undefined;
}

/** A length is there only where it is not that of the whole address. */
function prefixTextOf(address: unknown, length: unknown): string | undefined {
  const text = textOf(address);
  return text === undefined || length === undefined ? text : `${text}/${String(length)}`;
}

function numberOf(value: unknown): number | undefined {
  const digits = typeof value === 'string' ? value.replace(/^ipproto-/, '') : value;
  return digits === undefined || Number.isNaN(Number(digits)) ? undefined : Number(digits);
}

function rangeOf(first: unknown, last: unknown): PortRange | undefined {
  const range = { first: numberOf(first), last: numberOf(last) };
  return range.first === undefined || range.last === undefined
    ? undefined
    : { first: range.first, last: range.last };
}

export function parseRule(json: Json): ListedRule {
  const target = numberOf(json.goto);
  return {
    preference: numberOf(json.priority) ?? 0,
    from: prefixTextOf(json.src, json.srclen),
    to: prefixTextOf(json.dst, json.dstlen),
    iif: textOf(json.iif),
    mark: numberOf(json.fwmark),
    protocol: numberOf(json.ipproto),
    sourcePorts: rangeOf(json.sport ?? json.sport_start, json.sport ?? json.sport_end),
    destinationPorts: rangeOf(json.dport ?? json.dport_start, json.dport ?? json.dport_end),
    action: target === undefined ? { lookup: numberOf(json.table) ?? 0 } : { goto: target },
    owner: numberOf(json.protocol) ?? 2,
    isFullyKnown: Object.keys(json).every((field) => KNOWN_FIELDS.has(field)),
  };
}

/** All rules of the family in the kernel's order. */
export async function listRules(system: HostSystem, family: Family): Promise<ListedRule[]> {
  return (await system.list(family, ['rule', 'show'])).map(parseRule);
}

/** True for `from all lookup local`, wherever it is. */
export function isLocalRule(rule: ListedRule): boolean {
  const { from, to, iif, mark, protocol, sourcePorts, destinationPorts } = rule;
  const hasNoSelector = [from, to, iif, mark, protocol, sourcePorts, destinationPorts].every(
    (part) => part === undefined,
  );
  return rule.isFullyKnown && hasNoSelector && 'lookup' in rule.action && rule.action.lookup === LOCAL_TABLE;
}

/** True for the rules that all daemons of a namespace have in common; the last one takes them away. */
export function isSharedRule(rule: Rule): boolean {
  if (rule.owner !== OWNER) return false;
  if ('lookup' in rule.action) return rule.action.lookup === LOCAL_TABLE;
  return rule.iif === undefined || rule.iif === 'lo';
}

/** True for rules that only the daemon with this main device and these tables makes. */
export function isRuleOf(rule: Rule, device: string, tables: readonly number[]): boolean {
  if (rule.owner !== OWNER) return false;
  return 'lookup' in rule.action ? tables.includes(rule.action.lookup) : rule.iif === device;
}

/** A route of ours. */
export interface Route {
  /** Canonical address, or `default`. */
  readonly to: string;
  /** A TUN device; null for a route that swallows packets. */
  readonly device: string | null;
  readonly table: number;
}

/** `route add` and `route del` both take this text; equal routes have equal texts. */
export function routeText({ to, device, table }: Route): string {
  const target = device === null ? `blackhole ${to}` : `${to} dev ${device}`;
  return `${target} table ${table} proto ${OWNER}`;
}

/** The routes in all tables that are marked as ours. */
export async function listRoutes(system: HostSystem, family: Family): Promise<Route[]> {
  const listing = await system.list(family, ['route', 'show', 'table', 'all', 'proto', String(OWNER)]);
  return listing.map((json) => ({
    to: String(json.dst),
    // IPv6 names a device there too.
    device: String(json.type) === BLACKHOLE_TYPE ? null : String(json.dev),
    table: numberOf(json.table) ?? MAIN_TABLE,
  }));
}
