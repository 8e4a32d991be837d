/** What the daemon asked for, by address, and the rules and routes that follow from it. Pure. */
import { familyOf } from '../net/address.js';
import type { Family, ProtocolName } from '../net/family.js';
import { maxPrefixLength } from '../net/prefix.js';
import type { MarkRecord } from './journal.js';
import type { RouteFacts } from './location.js';
import {
  IPSEC_PROTOCOLS,
  MAIN_TABLE,
  OWNER,
  type PortRange,
  PREFERENCE,
  PROTOCOL_NUMBERS,
  type Rule,
  routeText,
  ruleText,
} from './rule.js';
import type { PortSelector, Selection, SourceSelector } from './selection.js';

const MAX_PORT = 65_535;
/** Source: linux net/core/fib_rules.c and include/net/fib_rules.h, fib_rule_port_range_valid(). */
const MAX_PORT_OF_RULE = MAX_PORT - 1;

/**
 * What the kernel counts to a persistent FTP service besides port 21: active and passive data connections.
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

/** One address or firewall mark, with what is asked for it and what is in the kernel for it. */
export class Entry {
  readonly kind: EntryKind;
  /** Of a firewall mark: its number, as text. */
  readonly address: string;
  /** Of a firewall mark: where it leads. */
  readonly target: MarkRecord | undefined;
  readonly uses = new Map<string, Use>();
  /** Lines that are in the kernel, as {@link wantedLines} gives them. */
  readonly applied = new Set<string>();
  location: Location = 'unknown';
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

/** The ports as rules can say them: all, one or several ranges. Port 65535 is left out of a range. */
function portsOf(port: number, alsoPorts: readonly PortRange[]): readonly (PortRange | undefined)[] {
  if (port === 0) return [undefined];
  const others = alsoPorts.map(({ first, last }) => ({ first, last: Math.min(last, MAX_PORT_OF_RULE) }));
  return [{ first: port, last: port }, ...others];
}

function localRules(entry: Entry, table: number): string[] {
  const isVirtual = entry.kind === 'virtual address';
  const texts = new Set<string>();
  const add = (rule: Omit<Rule, 'action' | 'owner'>) =>
    texts.add(`rule ${ruleText({ ...rule, action: { lookup: table }, owner: OWNER })}`);
  for (const { protocol, port, alsoPorts } of entry.uses.values()) {
    for (const number of protocol === undefined ? PROTOCOLS : [PROTOCOL_NUMBERS[protocol]]) {
      if (!isVirtual) {
        const sourcePort = port === 0 ? undefined : port;
        const { localRealServer: preference } = PREFERENCE;
        add({ preference, from: entry.address, iif: 'lo', protocol: number, sourcePort });
        continue;
      }
      const { virtualService: preference } = PREFERENCE;
      for (const destinationPorts of portsOf(port, alsoPorts)) {
        add({ preference, to: entry.address, protocol: number, destinationPorts });
      }
      if (protocol !== 'udp' || port !== KEY_EXCHANGE_PORT) continue;
      for (const ipsec of IPSEC_PROTOCOLS) add({ preference, to: entry.address, protocol: ipsec });
    }
  }
  return [...texts];
}

function markLines({ mark, device, table }: MarkRecord): readonly string[] {
  const { firewallMark: preference } = PREFERENCE;
  return [
    `route ${routeText({ to: 'default', device, table })}`,
    `rule ${ruleText({ preference, mark, action: { lookup: table }, owner: OWNER })}`,
  ];
}

/** The lines an entry needs: `rule ...` or `route ...`, see {@link changeLine}. */
export function wantedLines(entry: Entry, device: string, table: number): readonly string[] {
  if (entry.uses.size === 0 || entry.location === 'loopback') return [];
  if (entry.target !== undefined) return markLines(entry.target);
  if (entry.location === 'local') return localRules(entry, table);
  if (entry.kind === 'virtual address') {
    return [`route ${routeText({ to: entry.address, device, table: MAIN_TABLE })}`];
  }
  const rule = {
    preference: PREFERENCE.realServer,
    from: entry.address,
    action: { lookup: table },
    owner: OWNER,
  };
  return [`rule ${ruleText(rule)}`];
}

/** What of these entries' packets is to be seen; all of them are in use. */
export function selectionOf(entries: readonly Entry[]): Selection {
  const vips = new Set<string>();
  const ports = new Map<string, PortSelector>();
  const sources: SourceSelector[] = [];
  for (const { kind, address, location, uses } of entries) {
    if (kind === 'firewall mark' || location === 'loopback' || location === 'unknown') continue;
    const length = maxPrefixLength(familyOf(address));
    if (location !== 'local') {
      if (kind === 'virtual address') vips.add(address);
      else sources.push({ address, length });
      continue;
    }
    if (kind === 'real server') continue;
    for (const { protocol = 'tcp', port, alsoPorts } of uses.values()) {
      for (const range of portsOf(port, alsoPorts)) {
        const { first, last } = range ?? { first: 0, last: MAX_PORT };
        ports.set(`${protocol} ${first}-${last} ${address}`, {
          ...{ address, length, protocol, first, last },
          isWide: false,
        });
      }
    }
  }
  return { vips, ports: [...ports.values()], sources };
}

/** `rule pref 60 ...` becomes `rule add pref 60 ...`. */
export function changeLine(verb: 'add' | 'del', line: string): string {
  return line.replace(' ', ` ${verb} `);
}
