/**
 * One uipvs daemon at a time may claim a journal or move the rule for table local. The lock is a file that names its
 * holder; a dead holder's lock is taken over. The lock of somebody who is neither root nor the daemon's user is refused:
 * he could keep every daemon waiting, or have two of them in at once.
 */
import { randomUUID } from 'node:crypto';
import { closeSync, writeFileSync } from 'node:fs';
import { link, mkdir, rm, rmdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UipvsError } from '../base/error.js';
import { makeGuardedDirectory } from '../base/guarded-path.js';
import { createFile, readOwnFile, refuseForeign } from '../base/own-file.js';
import { isAlive, ownIdentity, type ProcessIdentity, parseIdentity } from './process-identity.js';

const RETRY_MS = 5;
const GIVE_UP_MS = 15_000;
const OLD_GUARD_MS = 5_000;
const MAX_LOCK_BYTES = 1024;
const LOCK = 'The lock';
/** Its own and that of the draft, from which it was linked a moment ago. */
const NAMES = 2;

/** Null where nobody holds it, or it is not known who does. Errors: EPERM where it is somebody else's file. */
function holderOf(path: string): ProcessIdentity | null {
  try {
    return parseIdentity(JSON.parse(readOwnFile(LOCK, path, MAX_LOCK_BYTES, NAMES) ?? 'null'));
  } catch (thrown) {
    if (thrown instanceof UipvsError && thrown.code === 'EPERM') throw thrown;
    return null;
  }
}

function writeDraft(path: string, text: string): void {
  const file = createFile(LOCK, path, 0o600);
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw thrown;
  }
}

/**
 * Removes the lock if its holder is dead. Who breaks a lock holds a directory while it looks and removes: nobody else
 * can then remove the dead holder's lock, and so nobody can have replaced it in between.
 */
async function breakStaleLock(path: string): Promise<void> {
  const guard = `${path}.break`;
  try {
    await mkdir(guard);
  } catch {
    refuseForeign('The directory', guard);
    // Somebody is at it. It takes microseconds: a guard that has grown old is of a process that died there.
    const { mtimeMs } = await stat(guard).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (Date.now() - mtimeMs > OLD_GUARD_MS) await rmdir(guard).catch(() => {});
    return;
  }
  const holder = holderOf(path);
  if (holder !== null && !(await isAlive(holder))) await rm(path, { force: true });
  await rmdir(guard);
}

/**
 * Runs `action` while holding the lock file at `path`.
 * Errors: EBUSY when a live process holds it for 15 s; EPERM where its directory or the lock is somebody else's; those of
 * `action`.
 */
export async function withHostLock<T>(path: string, action: () => Promise<T>): Promise<T> {
  const self = await ownIdentity();
  const draft = `${path}.${randomUUID()}`;
  makeGuardedDirectory(dirname(path), 0o755);
  // The lock appears by link(2), with its text already in it: nobody reads an empty lock.
  writeDraft(draft, JSON.stringify(self));
  try {
    const giveUpAt = performance.now() + GIVE_UP_MS;
    while (!(await tryLink(draft, path))) {
      if (performance.now() > giveUpAt) {
        const pid = holderOf(path)?.pid ?? 'unknown';
        throw new UipvsError('EBUSY', `The lock ${path} is held by process ${pid}`);
      }
      const holder = holderOf(path);
      if (holder !== null && !(await isAlive(holder))) await breakStaleLock(path);
      else await delay(RETRY_MS);
    }
    try {
      return await action();
    } finally {
      await rm(path, { force: true });
    }
  } finally {
    await rm(draft, { force: true });
  }
}
