/**
 * Theory of operation: a file that is found by its name is the one that was meant only where nobody else can give the
 * name to another. That is so where each directory on the way to it, and each link, belongs to root or to the user who
 * runs the program, and no such directory can be written by others, unless it has the sticky bit: there they may add
 * names of their own, and have no power over ours. Then the answer holds for as long as the program runs, since only the
 * two could change it, and the name can be used again and again.
 *
 * The path is walked as the kernel walks it, name by name. What a file in such a directory must be like itself is
 * own-file.ts's affair.
 */
import { lstatSync, mkdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { UipvsError } from './error.js';

// Specification: inode(7); path_resolution(7).
const WRITABLE_BY_OTHERS = 0o022;
const RESTRICTED_DELETION = 0o1000;
const MOST_LINKS = 40;
const ROOT = 0;
/** What a user namespace shows for an owner whom it does not know. */
const OVERFLOW_UID = 65534;
const ALL_UIDS = '4294967295';

/** Where somebody else can step in. */
export interface Exposure {
  readonly path: string;
  readonly trouble: 'belongs to another user' | 'is writable by others';
}

/** Whether it is root's or the user's who runs the program. */
export function isTrusted(uid: number): boolean {
  return uid === ROOT || uid === process.geteuid?.();
}

export function isWritableByOthers(mode: number): boolean {
  return (mode & WRITABLE_BY_OTHERS) !== 0;
}

/** Above a namespace with few users of its own lie directories of somebody who is none of them and made it. */
function isBeyondNamespace(uid: number): boolean {
  if (uid !== OVERFLOW_UID) return false;
  try {
    return !readFileSync('/proc/self/uid_map', 'utf8').trim().endsWith(ALL_UIDS);
  } catch {
    return false;
  }
}

function exposureOfOne(path: string, found: Stats): Exposure | null {
  const isDirectory = found.isDirectory();
  if (!isTrusted(found.uid) && !(isDirectory && isBeyondNamespace(found.uid)))
    return { path, trouble: 'belongs to another user' };
  const isGuarded = isDirectory && (found.mode & RESTRICTED_DELETION) !== 0;
  // Rights of a link itself mean nothing.
  if (found.isSymbolicLink() || isGuarded || !isWritableByOthers(found.mode)) return null;
  return { path, trouble: 'is writable by others' };
}

/**
 * The first place on the way to `path`, itself included, where somebody else could put another in its place or change it;
 * null where there is none. Errors: those of lstat(2), ENOENT above all; ELOOP.
 */
export function exposureOf(path: string): Exposure | null {
  const waiting = `${path.startsWith('/') ? '' : `${process.cwd()}/`}${path}`.split('/');
  let [at, links] = ['/', 0];
  let exposure = exposureOfOne(at, lstatSync(at));
  while (exposure === null) {
    const name = waiting.shift();
    if (name === undefined) return null;
    if (name === '' || name === '.') continue;
    if (name === '..') {
      at = dirname(at);
      continue;
    }
    const next = join(at, name);
    const found = lstatSync(next);
    exposure = exposureOfOne(next, found);
    if (!found.isSymbolicLink()) {
      at = next;
      continue;
    }
    links += 1;
    if (links > MOST_LINKS) throw new UipvsError('EINVAL', `Too many symbolic links on the way to ${path}`);
    const target = readlinkSync(next);
    if (target.startsWith('/')) at = '/';
    waiting.unshift(...target.split('/'));
  }
  return exposure;
}

/** Errors: EPERM where somebody else has power over the directory; those of lstat(2). */
export function refuseExposed(directory: string): void {
  const exposure = exposureOf(directory);
  if (exposure === null) return;
  const { path, trouble } = exposure;
  const which = path === resolve(directory) ? `it ${trouble}` : `${path} ${trouble}`;
  throw new UipvsError(
    'EPERM',
    `directory ${directory} is not safe from other users, since ${which}: choose one that is`,
  );
}

/**
 * Makes the directory, and those above it, where they are missing, and none in a place of somebody else.
 *
 * @returns the first that was made, undefined where all were there
 * @throws UipvsError EPERM as {@link refuseExposed}; errors of mkdir(2)
 */
export function makeGuardedDirectory(directory: string, mode: number): string | undefined {
  try {
    refuseExposed(directory);
    return undefined;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
  const above = dirname(resolve(directory));
  const firstAbove = makeGuardedDirectory(above, mode);
  let isMade = true;
  try {
    mkdirSync(directory, mode);
  } catch (thrown) {
    // Somebody was faster, or a link there leads nowhere: looked at like any other.
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
    isMade = false;
  }
  refuseExposed(directory);
  return firstAbove ?? (isMade ? resolve(directory) : undefined);
}
