/**
 * Least privilege: the daemon keeps CAP_NET_ADMIN and CAP_NET_RAW, of these what it has, and gives up every other
 * capability for good, before it has read anything but its command line; the programs that it runs (`ip`, `nft`) have
 * CAP_NET_ADMIN alone. Source: capabilities(7), prctl(2) PR_SET_NO_NEW_PRIVS.
 *
 * What may be done is always given up, or the daemon does not start. Out of the bounding set capabilities are taken only
 * with CAP_SETPCAP; without it they stay there, which is said, and give nothing: with no-new-privs no program gets a
 * capability that who started it has not got.
 */
import { messageOf, UipvsError } from '../base/error.js';
import { isNativeError, loadAddon } from '../engine/addon.js';
import { passedDescriptors } from './descriptor-store.js';
import type { DaemonOptions } from './options.js';

// Specification: linux/capability.h.
const CAP_NET_BIND_SERVICE = 10;
const CAP_NET_ADMIN = 12;
const CAP_NET_RAW = 13;
const FIRST_UNPRIVILEGED_PORT = 1024;

/**
 * Makes the groups that the sockets are given to the process's own: the owner of a file may give it to a group that he is
 * in, so that CAP_CHOWN need not be kept. Where that is not possible, neither may be giving them the sockets, which says so.
 */
function joinGroups(groups: readonly (number | null)[]): void {
  const own = process.getgroups?.() ?? [];
  const missing = groups.filter((group) => group !== null).filter((group) => !own.includes(group));
  if (missing.every((group) => group === process.getegid?.())) return;
  try {
    process.setgroups?.([...own, ...missing]);
  } catch {
    // Without CAP_SETGID.
  }
}

/**
 * To be called before anything else: where there is something to give up, the program begins anew, under the same
 * process number, and does not return.
 *
 * @returns what stays in the bounding set, in a sentence for the log; null where nothing does
 * @throws UipvsError EPERM where anything else cannot be given up
 */
export function restrictPrivileges({
  metrics,
  adminGroup,
  readGroup,
}: Pick<DaemonOptions, 'metrics' | 'adminGroup' | 'readGroup'>): string | null {
  joinGroups([adminGroup, readGroup]);
  const kept = [CAP_NET_ADMIN, CAP_NET_RAW];
  if (metrics !== null && metrics.port < FIRST_UNPRIVILEGED_PORT) kept.push(CAP_NET_BIND_SERVICE);
  const { execPath, execArgv, argv } = process;
  try {
    const words = [execPath, ...execArgv, ...argv.slice(1)];
    const descriptors = passedDescriptors(process.env, process.pid).map(([descriptor]) => descriptor);
    return describe(loadAddon().restrictPrivileges(kept, execPath, words, descriptors));
  } catch (thrown) {
    if (!isNativeError(thrown)) throw thrown;
    throw new UipvsError('EPERM', `the daemon's privileges cannot be reduced: ${messageOf(thrown)}`);
  }
}

function describe(remaining: readonly number[]): string | null {
  if (remaining.length === 0) return null;
  const set = remaining.reduce((sum, number) => sum | (1n << BigInt(number)), 0n);
  return (
    `${remaining.length} capabilities stay in the bounding set (${set.toString(16)}), for CAP_SETPCAP is missing to take ` +
    'them out; no-new-privs keeps programs from gaining them'
  );
}
