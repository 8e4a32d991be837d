/** What the daemon asked for, by address, and the rules and routes that follow from it. Pure. */
import type { Family, ProtocolName } from '../net/family.js';
import { MAX_PORT } from './box.js';
import { type Item, itemOf } from './cover-split.js';
import type { MarkRecord } from './journal.js';
import type { RouteFacts } from './location.js';
import type { PortRange } from './port-range.js';
import {
  IPSEC_PROTOCOLS,
  MAIN_TABLE,
  OWNER,
  PREFERENCE,
  PROTOCOL_NUMBERS,
  routeText,
  ruleText,
} from './rule.js';

/** Source: linux net/core/fib_rules.c and include/net/fib_rules.h, fib_rule_port_range_valid(). */
export const MAX_PORT_OF_RULE = MAX_PORT - 1;

/**
 * What an FTP service may have besides port 21: active and passive data connections. To the kernel all of them belong to
 * a persistent service.
 * Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_service_find(); net.ipv4.ip_unprivileged_port_start is taken as 1024.
 */
export const FTP_DATA_PORTS: readonly PortRange[] = [
  { first: 20, last: 20 },
  { first: 1024, last: MAX_PORT },
];

export interface VirtualService {
  readonly family: Family;
  readonly address: string;
  readonly protocol: ProtocolName;
  /** 0: all ports of the protocol. */
  readonly port: number;
  /** Further ports to take of a VIP that is an address of the host; of any other VIP everything is taken. */
  readonly alsoPorts?: readonly PortRange[] | undefined;
}

/** One that packets are to come for without a service; of an address of the host nothing is taken then. */
export type VirtualAddress = Pick<VirtualService, 'family' | 'address'>;

/** Protocol and port matter only for an address of the host itself: of that, nothing else is taken. */
export interface RealServer {
  readonly family: Family;
  readonly address: string;
  readonly protocol?: ProtocolName;
  /** 0 or absent: all ports. */
  readonly port?: number;
}

/** A protocol and port that an entry is used with; counted for real servers, at most once for services. */
interface Use {
  readonly protocol: ProtocolName | undefined;
  readonly port: number;
  alsoPorts: readonly PortRange[];
  count: number;
}

export type EntryKind = 'virtual address' | 'real server' | 'firewall mark';

/** Where the kernel sends packets for an address, as far as it decides what has to be done. */
export type Location = 'unknown' | 'local' | 'loopback' | 'remote' | 'unreachable';

/**
 * The rules that an item asks for: of services on local VIPs, of packets without ports for these and for firewall marks, of
 * real servers that are the host itself, of others.
 */
export type Role = 'service' | 'without ports' | 'marked' | 'local server' | 'local refusal' | 'server';

export interface Contribution {
  readonly role: Role;
  readonly item: Item;
}

/** One address or firewall mark, with what is asked for it and what is in the kernel for it. */
export class Entry {
  readonly kind: EntryKind;
  /** Of a firewall mark: its number, as text. */
  readonly address: string;
  /** Of a firewall mark: where it leads. */
  readonly target: MarkRecord | undefined;
  readonly uses = new Map<string, Use>();
  /** Lines that are in the kernel, as {@link wantedLines} gives them. */
  applied: readonly string[] = [];
  /** What it has contributed to the rules that all entries have in common, see family-rules.ts. */
  contributed: readonly Contribution[] = [];
  location: Location = 'unknown';
  /** When the kernel last said where it is, by performance.now(); only for an answer that needs no second look. */
  locatedAtMs = Number.NEGATIVE_INFINITY;
  /** Whether the kernel has all that it asked for last; not while that is being looked into. */
  isInPlace = false;
  /** Of a virtual address: another program, such as keepalived, has had it on a device of the host. */
  hasBeenLocal = false;
  /** Of a virtual address: it may be put on a device any moment, since it is in a subnet of the host or has been. */
  mayBeLocal = false;
  /** Of a real server: its route, once it is known. */
  route: RouteFacts | null | undefined;
  /** What a refresh last complained of, so that it says so once. */
  trouble: string | null = null;

  constructor(kind: EntryKind, address: string, target?: MarkRecord) {
    this.kind = kind;
    this.address = address;
    this.target = target;
  }

  /**
   * Adds one use. A service that is there already is not counted again, but gets the further ports named now.
   * Returns what takes it back, once.
   */
  add(protocol: ProtocolName | undefined, port: number, alsoPorts: readonly PortRange[] = []): () => void {
    const key = `${protocol ?? 'any'}:${port}`;
    const use = this.uses.get(key);
    if (use === undefined) this.uses.set(key, { protocol, port, alsoPorts, count: 1 });
    else if (this.kind === 'real server') use.count += 1;
    else {
      const before = use.alsoPorts;
      use.alsoPorts = alsoPorts;
      return () => {
        use.alsoPorts = before;
      };
    }
    let isTaken = true;
    return () => {
      if (isTaken) this.remove(protocol, port);
      isTaken = false;
    };
  }

  /** Whether uses may come and go, as long as there is one, with nothing to change in the kernel. */
  get isIndifferentToUses(): boolean {
    return this.isInPlace && this.uses.size > 0 && isElsewhere(this) && !this.mayBeLocal;
  }

  /** Whether there is a use of these, and another besides. */
  hasSpare(protocol: ProtocolName | undefined, port: number): boolean {
    const use = this.uses.get(`${protocol ?? 'any'}:${port}`);
    return use !== undefined && (use.count > 1 || this.uses.size > 1);
  }

  /** Takes one use away; none there: nothing happens. */
  remove(protocol: ProtocolName | undefined, port: number): void {
    const key = `${protocol ?? 'any'}:${port}`;
    const use = this.uses.get(key);
    if (use === undefined) return;
    use.count -= 1;
    if (use.count === 0) this.uses.delete(key);
  }
}

/** Of UDP. What is encrypted with these keys comes with it: native/core/ipsec.h. */
const KEY_EXCHANGE_PORT = 500;
const PROTOCOLS = [PROTOCOL_NUMBERS.tcp, PROTOCOL_NUMBERS.udp, PROTOCOL_NUMBERS.sctp];
const ALL_PORTS: PortRange = { first: 0, last: MAX_PORT };

/** One for all marks: a mark may be anybody's. */
const ANY_ADDRESS = itemOf('0.0.0.0', '');

/** The ports as rules can say them: all, one or several ranges. Port 65535 is left out of a range. */
function portsOf(port: number, alsoPorts: readonly PortRange[]): readonly PortRange[] {
  if (port === 0) return [ALL_PORTS];
  const others = alsoPorts.map(({ first, last }) => ({ first, last: Math.min(last, MAX_PORT_OF_RULE) }));
  return [{ first: port, last: port }, ...others];
}

/** What belongs to a service's connections and is selected by no port of it: fragments. */
function withoutPorts({ address, uses }: Entry): readonly Contribution[] {
  // An address alone, to masquerade with, has connections by full NAT only, of which all that comes is from real servers.
  const protocols = [...uses.values()].flatMap(({ protocol, port }) =>
    protocol !== undefined && port !== 0 ? [PROTOCOL_NUMBERS[protocol]] : [],
  );
  return [...new Set(protocols)].map((protocol) => {
    return { role: 'without ports', item: itemOf(address, '', protocol) };
  });
}

function localContributions(entry: Entry): readonly Contribution[] {
  const { kind, address, location, uses } = entry;
  const contributions: Contribution[] = kind === 'virtual address' ? [...withoutPorts(entry)] : [];
  // A closed port is refused by the host itself, in the name of the real server; TCP's way is a segment like others.
  if (kind === 'real server' && [...uses.values()].some(({ protocol }) => protocol !== 'tcp'))
    contributions.push({ role: 'local refusal', item: itemOf(address, '') });
  const role = kind === 'virtual address' ? 'service' : 'local server';
  const add = (protocol: number, { first, last }: PortRange) =>
    contributions.push({ role, item: itemOf(address, '', protocol, first, last) });
  for (const { protocol, port, alsoPorts } of uses.values()) {
    const isAddressAlone = kind === 'virtual address' && protocol === undefined;
    if (isAddressAlone || (location !== 'local' && port > MAX_PORT_OF_RULE)) continue;
    for (const number of protocol === undefined ? PROTOCOLS : [PROTOCOL_NUMBERS[protocol]]) {
      for (const ports of portsOf(port, alsoPorts)) add(number, ports);
    }
    if (kind === 'virtual address' && protocol === 'udp' && port === KEY_EXCHANGE_PORT)
      for (const ipsec of IPSEC_PROTOCOLS) add(ipsec, ALL_PORTS);
  }
  return contributions;
}

/** What an entry asks of the rules that all have in common. */
export function contributionsOf(entry: Entry): readonly Contribution[] {
  const { kind, address, location, uses, route } = entry;
  if (uses.size === 0 || location === 'loopback') return [];
  if (kind === 'firewall mark') return [{ role: 'marked', item: ANY_ADDRESS }];
  if (location === 'local') return localContributions(entry);
  if (kind === 'virtual address') return entry.mayBeLocal ? localContributions(entry) : [];
  return [{ role: 'server', item: itemOf(address, route?.device ?? '') }];
}

/** A service's port on a VIP of the host that no rule can select, or null. */
export function unselectablePort({ kind, location, uses }: Entry): number | null {
  if (kind !== 'virtual address' || location !== 'local') return null;
  const ports = [...uses.values()].map(({ port }) => port);
  return ports.find((port) => port > MAX_PORT_OF_RULE) ?? null;
}

function markLines({ mark, device, table }: MarkRecord): readonly string[] {
  const { firewallMark: preference } = PREFERENCE;
  return [
    `route ${routeText({ to: 'default', device, table })}`,
    `rule ${ruleText({ preference, mark, action: { lookup: table }, owner: OWNER })}`,
  ];
}

/** The lines an entry needs for itself: `rule ...` or `route ...`, see {@link changeLine}. */
export function wantedLines(entry: Entry, device: string): readonly string[] {
  if (entry.uses.size === 0) return [];
  if (entry.target !== undefined) return markLines(entry.target);
  const isRouted = entry.kind === 'virtual address' && isElsewhere(entry);
  return isRouted ? [`route ${routeText({ to: entry.address, device, table: MAIN_TABLE })}`] : [];
}

/** Whether it is known not to be an address of the host. */
export function isElsewhere({ location }: Entry): boolean {
  return location === 'remote' || location === 'unreachable';
}

/** `rule pref 63 ...` becomes `rule add pref 63 ...`. */
export function changeLine(verb: 'add' | 'del', line: string): string {
  return line.replace(' ', ` ${verb} `);
}
