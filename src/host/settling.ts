/** What the kernel says of where an address is, and for how long that holds. */
import { UipvsError } from '../base/error.js';
import type { HostContext } from './context.js';
import { type Entry, type EntryKind, unselectablePort } from './entry.js';
import type { Refusals } from './family-lines.js';
import { type Finding, isSameRoute } from './location.js';
import { takenError } from './taken.js';

/**
 * For how long what the kernel has said of an address holds for further services and ports of it. A real server is looked
 * after by refreshes; whether a virtual address is the host's decides what is taken of it, so that is asked anew.
 */
export const LOCATED_FOR_MS: Readonly<Record<EntryKind, number>> = {
  'virtual address': 250,
  'real server': 5000,
  'firewall mark': Number.POSITIVE_INFINITY,
};

/** Takes in what the kernel says of the entry's address; says so once if that means trouble. */
export function settle(
  context: HostContext,
  entry: Entry,
  finding: Finding | undefined,
  atMs: number,
  refusals: Refusals,
): void {
  entry.locatedAtMs = Number.NEGATIVE_INFINITY;
  if (finding === undefined) return;
  const { kind, address } = entry;
  if (kind === 'real server' && (entry.route === undefined || !isSameRoute(entry.route, finding.route))) {
    entry.route = finding.route;
    context.onRoute(address, finding.route);
  }
  if (finding.holder !== null && kind === 'virtual address') {
    refusals.set(entry, takenError(entry, finding.holder));
    return;
  }
  if (finding.location !== entry.location) move(context, entry, finding.location);
  if (finding.location === 'local') entry.hasBeenLocal = true;
  if (entry.hasBeenLocal || finding.isOnLink) entry.mayBeLocal = true;
  if (finding.location !== 'unreachable') entry.locatedAtMs = atMs;
}

function move(context: HostContext, entry: Entry, location: Finding['location']): void {
  const { log, onVipLocation } = context;
  const { kind, address } = entry;
  if (location === 'unreachable' && kind === 'real server') {
    log('warn', `There is no route to real server ${address}`, { address });
  }
  if (location === 'loopback') {
    const sentence = `Packets for ${kind} ${address} are not captured: the kernel keeps loopback addresses to itself`;
    log('warn', sentence, { address });
  }
  entry.location = location;
  if (kind === 'virtual address') onVipLocation(address, location === 'local');
}

/** Refuses a service that no rule can select. */
export function refuseUnselectable(entry: Entry, refusals: Refusals): void {
  const port = unselectablePort(entry);
  if (port === null) return;
  const sentence = `Port ${port} of virtual address ${entry.address}, an address of the host, cannot be taken: no policy rule can name it`;
  refusals.set(entry, new UipvsError('EINVAL', sentence));
}
