/** Neighbour entries as lines for `ip -batch`, and back: those we answer for others with, and those that say who is there. */
import { messageOf } from '../base/error.js';
import type { Family } from '../net/family.js';
import { listRoutes, OWNER } from './rule.js';
import type { HostSystem, Json, LineFailure } from './system.js';

/** An address on a device. */
export interface Neighbour {
  readonly address: string;
  readonly device: string;
}

export interface ProxyEntry extends Neighbour {
  /** True for those that uipvs daemons made. */
  readonly isOurs: boolean;
}

/** Who is at an address, as far as the kernel knows. */
export interface KnownNeighbour extends Neighbour {
  /** Empty while nobody has answered. */
  readonly mac: string;
  /** Put there by somebody for good. */
  readonly isPermanent: boolean;
}

/** `neigh add` and `neigh del` both take this text. */
export function proxyText({ address, device }: Neighbour): string {
  return `proxy ${address} dev ${device} protocol ${OWNER}`;
}

function placeOf(json: Json): Neighbour {
  return { address: String(json.dst), device: String(json.dev) };
}

/** The entries with which the kernel answers for others. */
export async function listProxies(system: HostSystem, family: Family): Promise<readonly ProxyEntry[]> {
  const listing = await system.list(family, ['neigh', 'show', 'proxy']);
  return listing.map((json) => ({ ...placeOf(json), isOurs: String(json.protocol) === String(OWNER) }));
}

export async function listNeighbours(system: HostSystem, family: Family): Promise<readonly KnownNeighbour[]> {
  const listing = await system.list(family, ['neigh', 'show']);
  return listing.map((json) => {
    const states: readonly unknown[] = Array.isArray(json.state) ? json.state : [];
    const isLost = states.includes('FAILED') || states.includes('INCOMPLETE');
    return {
      ...placeOf(json),
      mac: isLost ? '' : String(json.lladdr ?? ''),
      isPermanent: states.includes('PERMANENT'),
    };
  });
}

/**
 * Runs `neigh` changes in order; the refused ones. `ip` leaves a batch at the first of these that is refused, whatever it
 * was told, so the lines are then tried one by one; those that were carried out before do no harm the second time.
 * Source: iproute2 ip/ipneigh.c, ipneigh_modify().
 */
export async function changeNeighbours(
  system: HostSystem,
  family: Family,
  lines: readonly string[],
): Promise<readonly LineFailure[]> {
  try {
    return await system.change(family, lines, 'all');
  } catch (thrown) {
    if (lines.length === 1) return [{ line: 0, reason: messageOf(thrown) }];
  }
  const failures: LineFailure[] = [];
  for (const [line, text] of lines.entries()) {
    const [failure] = await changeNeighbours(system, family, [text]);
    if (failure !== undefined) failures.push({ ...failure, line });
  }
  return failures;
}

/**
 * Makes the kernel ask, by ARP or neighbour discovery, who is at each place; what it knew before, `known`, is forgotten.
 */
export async function askNeighbours(
  system: HostSystem,
  family: Family,
  places: readonly Neighbour[],
  known: readonly KnownNeighbour[],
): Promise<void> {
  const keys = new Set(known.map(({ address, device }) => `${address} ${device}`));
  const lines = places.flatMap(({ address, device }) => {
    const isKnown = keys.has(`${address} ${device}`);
    const question = `neigh add ${address} dev ${device} use`;
    return isKnown ? [`neigh del ${address} dev ${device}`, question] : [question];
  });
  await changeNeighbours(system, family, lines);
}

/**
 * Deletes our entries for addresses that no daemon but the one with these devices has a route for. A daemon adds the
 * route before the entry, and the entries are listed first here, so that none of a living daemon is taken for an orphan.
 * Returns how many it found.
 */
export async function removeProxies(
  system: HostSystem,
  family: Family,
  devices: readonly string[],
): Promise<number> {
  const proxies = (await listProxies(system, family)).filter(({ isOurs }) => isOurs);
  if (proxies.length === 0) return 0;
  const others = (await listRoutes(system, family)).filter(({ device }) => {
    return device !== null && !devices.includes(device);
  });
  const routed = new Set(others.map((route) => route.to));
  const lines = proxies
    .filter(({ address }) => !routed.has(address))
    .map((proxy) => `neigh del ${proxyText(proxy)}`);
  await changeNeighbours(system, family, lines);
  return lines.length;
}
