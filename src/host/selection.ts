/** Which packets a family's services and real servers need to be seen, in terms that the kernel can select by. */
import { familyOf } from '../net/address.js';
import type { ProtocolName } from '../net/family.js';
import { maxPrefixLength } from '../net/prefix.js';

/** Packets from these addresses: real servers that are not the host itself. */
export interface SourceSelector {
  /** Canonical; the first address of the prefix. */
  readonly address: string;
  /** 32 or 128: one address. */
  readonly length: number;
}

/** Packets to these addresses and ports: services on VIPs that are addresses of the host. */
export interface PortSelector extends SourceSelector {
  readonly protocol: ProtocolName;
  /** 0 with `last` 65535: all of the protocol, also fragments, whose ports nobody can see. */
  readonly first: number;
  readonly last: number;
  /** It selects more than the services ask for. */
  readonly isWide: boolean;
}

export interface Selection {
  /** VIPs that are no addresses of the host: everything for them. */
  readonly vips: ReadonlySet<string>;
  readonly ports: readonly PortSelector[];
  readonly sources: readonly SourceSelector[];
}

export const NOTHING: Selection = { vips: new Set(), ports: [], sources: [] };

export function isNothing({ vips, ports, sources }: Selection): boolean {
  return vips.size === 0 && ports.length === 0 && sources.length === 0;
}

export function hasAllPorts({ first }: PortSelector): boolean {
  return first === 0;
}

export function isWholeAddress({ address, length }: SourceSelector): boolean {
  return length === maxPrefixLength(familyOf(address));
}

/** `10.0.0.1` or `10.0.0.0/24`: the kernel's programs print no length where it is the whole address. */
export function prefixText(selector: SourceSelector): string {
  return isWholeAddress(selector) ? selector.address : `${selector.address}/${selector.length}`;
}
