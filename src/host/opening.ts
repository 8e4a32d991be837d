/** How the plumbing begins: what a dead daemon left is undone or adopted, and the device is made ready. */
import { dirname } from 'node:path';
import { UipvsError } from '../base/error.js';
import type { HostContext } from './context.js';
import { isSetUp, readLink, setUpLink } from './device.js';
import { withHostLock } from './host-lock.js';
import type { HostOptions } from './host-options.js';
import { Journal } from './journal.js';
import { outsideRouterGroups, restoreRouterGroups, setDeviceSettings } from './settings.js';
import type { HostSystem } from './system.js';
import { refuseTakenTable } from './table.js';
import { removeOrphans, undoAll } from './undo.js';

interface OpenJournal {
  readonly journal: Journal;
  /** Whether the journal, and what it names on the host, is that of a dead daemon. */
  readonly hasAdopted: boolean;
  /** Does something while no other daemon of this host does such things. */
  readonly withLock: <T>(action: () => Promise<T>) => Promise<T>;
}

/** Starts a journal, or goes on with a dead daemon's. Errors: those of `HostPlumbing.open`. */
export async function openJournal(options: HostOptions, system: HostSystem): Promise<OpenJournal> {
  const { device, table, journalPath, log, adopts = false } = options;
  const lockPath = `${dirname(journalPath)}/host.lock`;
  const withLock = <T>(action: () => Promise<T>) => withHostLock(lockPath, action);
  let hasAdopted = false;
  const journal = await withLock(async () => {
    const leftover = await Journal.readLeftover(system, log, journalPath);
    hasAdopted = adopts && leftover?.device === device && leftover.table === table;
    if (leftover !== null && hasAdopted) {
      await removeOrphans(system, log);
      return Journal.adopt(system, journalPath, leftover);
    }
    if (leftover !== null) {
      const { pid } = leftover.owner;
      log('info', `Undoing what process ${pid} left on the host`, { pid });
      await undoAll(system, log, leftover);
    }
    await removeOrphans(system, log);
    for (const family of [4, 6] as const) await refuseTakenTable(system, family, table, device);
    return Journal.start(system, journalPath, device, table);
  });
  return { journal, hasAdopted, withLock };
}

/** Makes the TUN device ready. Errors: those of `HostPlumbing.attachDevice`. */
export async function attachLink(
  context: HostContext,
  mtuBytes: number | undefined,
  hasAdopted: boolean,
): Promise<void> {
  const { system, journal, device } = context;
  if (mtuBytes !== undefined && !Number.isInteger(mtuBytes)) {
    throw new UipvsError('EINVAL', `Expected an mtu in bytes but received ${mtuBytes}`);
  }
  const { properties, largestMtuBytes } = await readLink(system, device);
  if (journal.content.link === null) await journal.setLink(properties);
  await restoreRouterGroups(context);
  await setDeviceSettings(context, true);
  // One that is in use is not taken out of it for a moment, as a new one is.
  if (hasAdopted && isSetUp(properties)) return;
  await outsideRouterGroups(context, () => setUpLink(system, device, mtuBytes ?? largestMtuBytes, true));
}
