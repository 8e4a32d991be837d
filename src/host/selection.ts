/** Which packets a family's services and real servers need to be seen, as the kernel selects them. */
import type { ProtocolName } from '../net/family.js';
import type { Box } from './box.js';
import { PROTOCOL_NUMBERS } from './rule.js';

/** Packets to these addresses and ports: services on VIPs that are addresses of the host. */
export interface PortSelector extends Box {
  readonly protocolName: ProtocolName;
  /** It selects more than the services ask for. */
  readonly isWide: boolean;
}

export interface Selection {
  /** VIPs that are no addresses of the host: everything for them. */
  readonly vips: ReadonlySet<string>;
  /** A few networks that have them all. */
  readonly vipNetworks: readonly Box[];
  readonly ports: readonly PortSelector[];
  /** Packets from these addresses: real servers that are not the host itself. */
  readonly sources: readonly Box[];
}

export const NOTHING: Selection = { vips: new Set(), vipNetworks: [], ports: [], sources: [] };

export function isNothing({ vips, ports, sources }: Selection): boolean {
  return vips.size === 0 && ports.length === 0 && sources.length === 0;
}

/** Null for a protocol that no service has: what follows a service of another one. */
export function protocolNameOf(protocol: number): ProtocolName | null {
  const names = Object.keys(PROTOCOL_NUMBERS) as ProtocolName[];
  return names.find((name) => PROTOCOL_NUMBERS[name] === protocol) ?? null;
}
