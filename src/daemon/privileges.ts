/**
 * Least privilege: the daemon keeps CAP_NET_ADMIN and CAP_NET_RAW, and gives up every other capability for itself and for
 * the programs that it runs (`ip`, `nft`), for good. Source: capabilities(7), prctl(2) PR_SET_NO_NEW_PRIVS.
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
 * process number, and does not return. Errors: EPERM where that fails.
 */
export function restrictPrivileges({
  metrics,
  adminGroup,
  readGroup,
}: Pick<DaemonOptions, 'metrics' | 'adminGroup' | 'readGroup'>): void {
  joinGroups([adminGroup, readGroup]);
  const kept = [CAP_NET_ADMIN, CAP_NET_RAW];
  if (metrics !== null && metrics.port < FIRST_UNPRIVILEGED_PORT) kept.push(CAP_NET_BIND_SERVICE);
  const { execPath, execArgv, argv } = process;
  try {
    const words = [execPath, ...execArgv, ...argv.slice(1)];
    const descriptors = passedDescriptors(process.env, process.pid).map(([descriptor]) => descriptor);
    loadAddon().restrictPrivileges(kept, execPath, words, descriptors);
  } catch (thrown) {
    if (!isNativeError(thrown)) throw thrown;
    throw new UipvsError('EPERM', `the daemon's privileges cannot be reduced: ${messageOf(thrown)}`);
  }
}
