/**
 * The policy rules that one family's services and real servers have in common: which are wanted, and which are in the
 * kernel. Entries contribute items; covers merge them into a bounded number of selectors, see cover.ts.
 *
 * Rule 65 takes the ICMP packets that come in by a device which leads to real servers. A router on the way there reports
 * to the client what became of a packet, and quotes it as it was on the way; the client must see its own packet, and
 * the report must come from the VIP. The kernel cannot tell such reports from other ICMP packets there, so pings and the
 * like go through the data plane too, which sends them on. Reports to addresses of the host, of masqueraded packets and of
 * those of a VIP that is one, are not caught: pings and neighbour discovery cannot be told from them, and must stay with the
 * kernel whether a daemon lives or not (rule 40). The data plane hears those by raw sockets: native/io/icmp_errors.h.
 *
 * Rules 67 to 69 take what shows no port, behind a jump of all that does: no rule that names a port matches a fragment, not
 * even the first, and routers on the way to clients of a firewall mark may report to whatever address. They stand behind 60
 * and 62, so that nothing that the host itself sends meets them.
 */
import type { Family } from '../net/family.js';
import { type Box, hasAllPorts, prefixText } from './box.js';
import { Cover, type Selected } from './cover.js';
import { type Contribution, contributionsOf, type Entry, MAX_PORT_OF_RULE, type Role } from './entry.js';
import type { PortRange } from './port-range.js';
import type { RoutedVips } from './routed-vips.js';
import {
  CLOSED_PORT,
  ICMP_PROTOCOL,
  ICMPV6_PROTOCOL,
  OWNER,
  PREFERENCE,
  PROTOCOL_NUMBERS,
  type Rule,
  ruleText,
} from './rule.js';
import { type PortSelector, protocolNameOf, type Selection } from './selection.js';

type Selectors = Readonly<Record<Role, readonly Selected[]>>;

/** Undefined: all ports. */
export function portsOfRule(box: Box): PortRange | undefined {
  return hasAllPorts(box) ? undefined : { first: box.first, last: Math.min(box.last, MAX_PORT_OF_RULE) };
}

/** Preferences and selectors only. */
function selectorRules(family: Family, selectors: Selectors, devices: readonly string[]) {
  const rules: Omit<Rule, 'action' | 'owner'>[] = [];
  for (const { box, isWide } of selectors.service) {
    const { protocol } = box;
    const preference = isWide ? PREFERENCE.wideService : PREFERENCE.virtualService;
    rules.push({ preference, to: prefixText(box), protocol, destinationPorts: portsOfRule(box) });
  }
  for (const { box, isWide } of selectors['local server']) {
    const { protocol } = box;
    const preference = isWide ? PREFERENCE.wideLocalServer : PREFERENCE.localRealServer;
    rules.push({ preference, from: prefixText(box), iif: 'lo', protocol, sourcePorts: portsOfRule(box) });
  }
  const protocol = family === 4 ? ICMP_PROTOCOL : ICMPV6_PROTOCOL;
  for (const { box, isWide } of selectors['local refusal']) {
    const preference = isWide ? PREFERENCE.wideLocalServer : PREFERENCE.localRealServer;
    const destinationPorts = CLOSED_PORT[family];
    rules.push({ preference, from: prefixText(box), iif: 'lo', protocol, destinationPorts });
  }
  for (const { box, isWide } of selectors.server) {
    const preference = isWide ? PREFERENCE.wideServer : PREFERENCE.realServer;
    rules.push({ preference, from: prefixText(box) });
  }
  for (const iif of devices) rules.push({ preference: PREFERENCE.routerError, iif, protocol });
  for (const { box, isWide } of selectors['without ports']) {
    const preference = isWide ? PREFERENCE.wideWithoutPorts : PREFERENCE.withoutPorts;
    rules.push({ preference, to: prefixText(box), protocol: box.protocol });
  }
  const ofMarks = selectors.marked.length > 0 ? [...Object.values(PROTOCOL_NUMBERS), protocol] : [];
  for (const each of ofMarks) rules.push({ preference: PREFERENCE.markedWithoutPorts, protocol: each });
  return rules;
}

function isSame(before: readonly Contribution[], after: readonly Contribution[]): boolean {
  if (before.length !== after.length) return false;
  return before.every(({ role, item }, index) => {
    const other = after[index];
    return other?.role === role && other.item.device === item.device && other.item.key === item.key;
  });
}

export class FamilyRules {
  readonly #family: Family;
  readonly #table: number;
  readonly #device: string;
  readonly #covers: Readonly<Record<Role, Cover>> = {
    service: new Cover(),
    'without ports': new Cover(),
    marked: new Cover(),
    'local server': new Cover(),
    'local refusal': new Cover(),
    server: new Cover(),
  };
  /** Real servers by the device that leads to them. */
  readonly #devices = new Map<string, number>();
  #selectors: Selectors;
  #wanted: ReadonlySet<string> = new Set();
  readonly #applied = new Set<string>();

  constructor(family: Family, device: string, table: number) {
    this.#family = family;
    this.#device = device;
    this.#table = table;
    this.#selectors = this.#settled();
  }

  /** What the entries ask for now, in place of what they asked for before; returns those that ask for anything new. */
  contribute(entries: readonly Entry[]): readonly Entry[] {
    const changed: Entry[] = [];
    for (const entry of entries) {
      const before = entry.contributed;
      const after = contributionsOf(entry);
      if (isSame(before, after)) continue;
      for (const contribution of after) this.#add(contribution);
      for (const contribution of before) this.#remove(contribution);
      entry.contributed = after;
      changed.push(entry);
    }
    if (changed.length > 0) this.#settle();
    return changed;
  }

  /** Whether any rule is wanted or in the kernel. */
  get isAny(): boolean {
    return this.#wanted.size + this.#applied.size > 0;
  }

  /** Rules that the kernel lacks, as lines: see entry.ts, changeLine(). */
  get additions(): readonly string[] {
    return [...this.#wanted].filter((line) => !this.#applied.has(line));
  }

  get deletions(): readonly string[] {
    return [...this.#applied].filter((line) => !this.#wanted.has(line));
  }

  /** Takes note of what was done. */
  note(verb: 'add' | 'del', line: string): void {
    if (verb === 'add') this.#applied.add(line);
    else this.#applied.delete(line);
  }

  /** Takes note of rules that are gone, and returns them. */
  forgetAllBut(present: ReadonlySet<string>): readonly string[] {
    const gone = [...this.#applied].filter((line) => !present.has(line));
    for (const line of gone) this.#applied.delete(line);
    return gone;
  }

  /** What is selected now. @param routed those that are no addresses of the host */
  selection(routed: RoutedVips): Selection {
    const ports: PortSelector[] = this.#selectors.service.flatMap(({ box, isWide }) => {
      const protocolName = protocolNameOf(box.protocol);
      return protocolName === null ? [] : [{ ...box, protocolName, isWide }];
    });
    return {
      ...{ vips: new Set(routed.addresses), vipNetworks: routed.networks(), ports },
      sources: this.#selectors.server.map(({ box }) => box),
    };
  }

  #add({ role, item }: Contribution): void {
    this.#covers[role].add(item);
    if (item.device !== '') this.#devices.set(item.device, (this.#devices.get(item.device) ?? 0) + 1);
  }

  #remove({ role, item }: Contribution): void {
    this.#covers[role].remove(item);
    if (item.device === '') return;
    const count = (this.#devices.get(item.device) ?? 0) - 1;
    if (count > 0) this.#devices.set(item.device, count);
    else this.#devices.delete(item.device);
  }

  #settled(): Selectors {
    return {
      service: this.#covers.service.settle(),
      'without ports': this.#covers['without ports'].settle(),
      marked: this.#covers.marked.settle(),
      'local server': this.#covers['local server'].settle(),
      'local refusal': this.#covers['local refusal'].settle(),
      server: this.#covers.server.settle(),
    };
  }

  #settle(): void {
    this.#selectors = this.#settled();
    const devices = [...this.#devices.keys()].filter((device) => device !== this.#device);
    const rules = selectorRules(this.#family, this.#selectors, devices);
    const action = { lookup: this.#table };
    this.#wanted = new Set(rules.map((rule) => `rule ${ruleText({ ...rule, action, owner: OWNER })}`));
  }
}
