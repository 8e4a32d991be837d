/**
 * Captured packets dropped by a chain of nftables at the ingress hook of each capture device: behind the sockets that
 * get copies, in front of the kernel's IP. See capture.ts.
 *
 * One table a daemon, named after its routing table, with a chain a device that exists, and sets for what is dropped.
 * Changes of the sets are made element by element, all else by a new table in place of the old one, in one transaction.
 *
 * Frames with a VLAN's tag are no packets of the capture device, whatever address is in them; a tag of VLAN 0 has a
 * priority only.
 * Source: linux net/core/dev.c, __netif_receive_skb_core().
 */
import { UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import { hasAllPorts, prefixText } from './box.js';
import type { CaptureMeans, Selections } from './capture.js';
import type { HostContext } from './context.js';
import { listLinks } from './link.js';
import { mergedRanges, type PortRange, rangeText } from './port-range.js';
import { PROTOCOL_NUMBERS } from './rule.js';
import { isNothing, type PortSelector } from './selection.js';
import type { HostSystem } from './system.js';

/** In front of what others may do with a packet there. */
const PRIORITY = -500;
/** Of a tag, the number of the VLAN. Those of 802.1ad are nothing that nft has a name for. */
const VLAN_ID = '@ll,112,16 & 0x0fff';

/** The elements of each set. */
type Sets = ReadonlyMap<string, ReadonlySet<string>>;

/** The name of a daemon's table. */
export function filterTable(table: number): string {
  return `uipvs_${table}`;
}

/** Takes a daemon's table away; one that is not there does nothing. Returns why it was refused, or null. */
export function removeFilter(system: HostSystem, table: number): Promise<string | null> {
  const name = filterTable(table);
  // To add it first makes a table that is not there deletable.
  return system.changeFilter(`add table netdev ${name}\ndelete table netdev ${name}\n`);
}

/** The routing tables of daemons whose table of nftables is there. */
export async function listFilters(system: HostSystem): Promise<readonly number[]> {
  const listed = (await system.listFilter(['list', 'tables', 'netdev'])) ?? [];
  return listed.flatMap(({ table }) => {
    const name = String((table as { name?: unknown } | undefined)?.name);
    const number = /^uipvs_(\d+)$/.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

/** As the set wants it: no port twice. Ports are merged with those of the same addresses, within or beside them. */
function portElements(selectors: readonly PortSelector[]): readonly string[] {
  const byPlace = new Map<string, PortRange[]>();
  for (const selector of selectors) {
    const place = `${prefixText(selector)} . ${selector.protocol}`;
    byPlace.set(place, [...(byPlace.get(place) ?? []), selector]);
  }
  return [...byPlace].flatMap(([place, ranges]) =>
    mergedRanges(ranges).map((range) => `${place} . ${rangeText(range)}`),
  );
}

function setsOf(selections: Selections, protocols: readonly number[]): Sets {
  const sets = new Map<string, ReadonlySet<string>>();
  for (const family of [4, 6] as const) {
    const { vips, sources } = selections[family];
    const ports = selections[family].ports.filter(({ protocol }) => protocols.includes(protocol));
    const whole = ports.filter(hasAllPorts);
    sets.set(`vips${family}`, vips);
    sets.set(`sources${family}`, new Set(sources.map(prefixText)));
    sets.set(`ports${family}`, new Set(portElements(ports.filter((each) => !hasAllPorts(each)))));
    sets.set(`protocols${family}`, new Set(whole.map((each) => `${prefixText(each)} . ${each.protocol}`)));
  }
  return sets;
}

function setTypes(family: Family): readonly (readonly [string, string])[] {
  const address = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  return [
    [`vips${family}`, `type ${address};`],
    [`sources${family}`, `type ${address}; flags interval;`],
    [`ports${family}`, `type ${address} . inet_proto . inet_service; flags interval;`],
    [`protocols${family}`, `type ${address} . inet_proto; flags interval;`],
  ];
}

/** A fragment's ports are its first one's alone; the kernel's rules do not see them either. */
function dropRules(family: Family): readonly string[] {
  const header = family === 4 ? 'ip' : 'ip6';
  const whole = family === 4 ? 'ip frag-off & 0x3fff == 0' : 'exthdr frag missing';
  return [
    `${header} daddr @vips${family} drop`,
    `${header} saddr @sources${family} drop`,
    `${whole} ${header} daddr . meta l4proto . th dport @ports${family} drop`,
    `${header} daddr . meta l4proto @protocols${family} drop`,
  ];
}

function tableScript(
  name: string,
  devices: readonly string[],
  sets: Sets,
  protocols: readonly number[],
): string {
  const lines = [`add table netdev ${name}`, `delete table netdev ${name}`, `table netdev ${name} {`];
  for (const family of [4, 6] as const) {
    for (const [set, type] of setTypes(family)) {
      const elements = [...(sets.get(set) ?? [])].join(', ');
      lines.push(` set ${set} { ${type}${elements === '' ? '' : ` elements = { ${elements} };`} }`);
    }
  }
  lines.push(' chain captured {');
  for (const family of [4, 6] as const) lines.push(...dropRules(family).map((rule) => `  ${rule}`));
  lines.push(' }');
  for (const [index, device] of devices.entries()) {
    lines.push(
      ` chain device${index} {`,
      `  type filter hook ingress device "${device}" priority ${PRIORITY}; policy accept;`,
      `  ether type { 0x8100, 0x88a8 } ${VLAN_ID} != 0 accept`,
      `  meta l4proto { ${protocols.join(', ')} } jump captured`,
      ' }',
    );
  }
  return `${lines.join('\n')}\n}\n`;
}

/** From one content of the sets to another; null where it would be shorter to write them anew. */
function changeScript(name: string, before: Sets, after: Sets): string | null {
  const lines: string[] = [];
  let count = 0;
  let total = 0;
  for (const [set, elements] of after) {
    const old = before.get(set) ?? new Set();
    const gone = [...old].filter((element) => !elements.has(element));
    const fresh = [...elements].filter((element) => !old.has(element));
    if (gone.length > 0) lines.push(`delete element netdev ${name} ${set} { ${gone.join(', ')} }`);
    if (fresh.length > 0) lines.push(`add element netdev ${name} ${set} { ${fresh.join(', ')} }`);
    count += gone.length + fresh.length;
    total += elements.size;
  }
  return count > total ? null : lines.join('\n');
}

export class CaptureFilter implements CaptureMeans {
  readonly #context: HostContext;
  readonly #name: string;
  readonly #protocols: readonly number[];
  /** What is in the kernel; null when nothing is, or nobody knows. */
  #applied: { readonly devices: readonly string[]; readonly sets: Sets } | null = null;
  #wanted: { readonly devices: readonly string[]; readonly selections: Selections } | null = null;

  /** A daemon before left a table: it holds until this one has something to put in its place. */
  #isInherited: boolean;

  constructor(context: HostContext) {
    this.#context = context;
    this.#name = filterTable(context.table);
    this.#protocols = context.capturedProtocols.map((name) => PROTOCOL_NUMBERS[name]);
    this.#isInherited = context.journal.content.hasFilter;
  }

  async disown(): Promise<void> {
    if (this.#isInherited) await this.#remove();
  }

  async apply(devices: readonly string[], selections: Selections): Promise<void> {
    const isNeeded = devices.length > 0 && ([4, 6] as const).some((family) => !isNothing(selections[family]));
    this.#wanted = isNeeded ? { devices, selections } : null;
    if (!isNeeded && this.#isInherited && devices.length > 0) return;
    if (!isNeeded) return await this.#remove();
    const { system, journal } = this.#context;
    const links = await listLinks(system);
    const present = devices.filter((device) => links.has(device));
    const sets = setsOf(selections, this.#protocols);
    const script =
      this.#applied?.devices.join() === present.join()
        ? changeScript(this.#name, this.#applied.sets, sets)
        : null;
    if (script === '') return;
    const wasThere = journal.content.hasFilter;
    if (!wasThere) await journal.setFilter(true);
    const isChanged = script !== null && (await system.changeFilter(script)) === null;
    if (!isChanged) {
      this.#applied = null;
      const reason = await system.changeFilter(tableScript(this.#name, present, sets, this.#protocols));
      // Refused as a whole: nothing is there that was not there before.
      if (reason !== null && !wasThere) await journal.setFilter(false);
      if (reason !== null) throw new UipvsError('EIO', `nftables refused table ${this.#name}: ${reason}`);
    }
    this.#applied = { devices: present, sets };
    this.#isInherited = false;
  }

  /** Whether table and chains are there, and which devices; what is in them is not read, it may be long. */
  async verify(): Promise<void> {
    if (this.#wanted === null || this.#applied === null) return;
    const { system, log } = this.#context;
    const listed = (await system.listFilter(['list', 'chains', 'netdev'])) ?? [];
    const chains = listed.filter(({ chain }) => {
      const { table, name } = (chain ?? {}) as { table?: unknown; name?: unknown };
      return table === this.#name && /^device\d/.test(String(name));
    });
    if (chains.length < this.#applied.devices.length) {
      // A device that went away takes its chain along.
      if (chains.length === 0)
        log('warn', `Somebody else removed table ${this.#name} of nftables; putting it back`);
      this.#applied = null;
    }
    await this.apply(this.#wanted.devices, this.#wanted.selections);
  }

  async #remove(): Promise<void> {
    const { system, journal, log, table } = this.#context;
    this.#applied = null;
    this.#isInherited = false;
    if (!journal.content.hasFilter) return;
    const reason = await removeFilter(system, table);
    if (reason !== null) log('warn', `Table ${this.#name} of nftables was not removed: ${reason}`);
    else await journal.setFilter(false);
  }
}
