/** What the daemon asked for, by address, and the rules and routes that follow from it. Pure. */
import type { Family, ProtocolName } from '../net/family.js';
import { MAIN_TABLE, OWNER, PREFERENCE, PROTOCOL_NUMBERS, routeText, ruleText } from './rule.js';

export interface VirtualService {
  readonly family: Family;
  readonly address: string;
  readonly protocol: ProtocolName;
  /** 0: all ports of the protocol. */
  readonly port: number;
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
  count: number;
}

export type EntryKind = 'virtual address' | 'real server';

/** Where the kernel sends packets for an address, as far as it decides what has to be done. */
export type Location = 'unknown' | 'local' | 'loopback' | 'remote' | 'unreachable';

/** One address, with what is asked for it and what is in the kernel for it. */
export class Entry {
  readonly kind: EntryKind;
  readonly address: string;
  readonly uses = new Map<string, Use>();
  /** Lines that are in the kernel, as {@link wantedLines} gives them. */
  readonly applied = new Set<string>();
  location: Location = 'unknown';
  /** What a refresh last complained of, so that it says so once. */
  trouble: string | null = null;

  constructor(kind: EntryKind, address: string) {
    this.kind = kind;
    this.address = address;
  }

  /** Adds one use; a service that is there already is not counted again. Returns what takes it back, once. */
  add(protocol: ProtocolName | undefined, port: number): () => void {
    const key = `${protocol ?? 'any'}:${port}`;
    const use = this.uses.get(key);
    if (use === undefined) this.uses.set(key, { protocol, port, count: 1 });
    else if (this.kind === 'real server') use.count += 1;
    else return () => {};
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

const PROTOCOLS = [PROTOCOL_NUMBERS.tcp, PROTOCOL_NUMBERS.udp, PROTOCOL_NUMBERS.sctp];

function localRules(entry: Entry, table: number): string[] {
  const isVirtual = entry.kind === 'virtual address';
  const texts = new Set<string>();
  for (const { protocol, port } of entry.uses.values()) {
    const ports = port === 0 ? undefined : port;
    for (const number of protocol === undefined ? PROTOCOLS : [PROTOCOL_NUMBERS[protocol]]) {
      const rule = isVirtual
        ? { preference: PREFERENCE.virtualService, to: entry.address, destinationPort: ports }
        : { preference: PREFERENCE.realServer, from: entry.address, iif: 'lo', sourcePort: ports };
      texts.add(`rule ${ruleText({ ...rule, protocol: number, action: { lookup: table }, owner: OWNER })}`);
    }
  }
  return [...texts];
}

/** The lines an entry needs: `rule ...` or `route ...`, see {@link changeLine}. */
export function wantedLines(entry: Entry, device: string, table: number): readonly string[] {
  if (entry.uses.size === 0 || entry.location === 'loopback') return [];
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

/** `rule pref 60 ...` becomes `rule add pref 60 ...`. */
export function changeLine(verb: 'add' | 'del', line: string): string {
  return line.replace(' ', ` ${verb} `);
}
