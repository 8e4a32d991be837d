/**
 * Files that the program itself has written and reads again, in directories that are guarded (guarded-path.ts). In a
 * sticky one others may have put something there before: a link, a pipe that would block whoever opens it, or a file that
 * says what they like. So a file is opened without following links or waiting, and is then looked at, the opened one; and
 * one is only written where it was made anew.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  type Stats,
  unlinkSync,
} from 'node:fs';
import { messageOf, UipvsError } from './error.js';
import { isTrusted, isWritableByOthers } from './guarded-path.js';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK } = constants;

function codeOf(thrown: unknown): string | undefined {
  return (thrown as NodeJS.ErrnoException).code;
}

/** Why it may be somebody else's, as the end of a sentence; null where it is root's or this user's alone. */
function faultOf(found: Stats, mostNames: number): string | null {
  if (found.isSymbolicLink()) return 'is a symbolic link';
  if (!isTrusted(found.uid)) return `belongs to user ${found.uid}`;
  if (!found.isFile()) return 'is no plain file';
  if (found.nlink > mostNames) return 'has further names';
  return isWritableByOthers(found.mode) ? 'is writable by others' : null;
}

/** @param what such as `The journal` */
function refusal(what: string, path: string, fault: string): UipvsError {
  const remedy = 'look at it, then remove it, or choose another directory';
  return new UipvsError('EPERM', `${what} ${path} is not used, for it ${fault}: ${remedy}`);
}

/**
 * The text of a file that nobody else has written.
 *
 * @param what begins the sentence of a refusal: `The journal`
 * @param mostNames hard links that it may have
 * @returns null where there is none
 * @throws UipvsError EPERM where somebody else could have; EINVAL where it is longer than `mostBytes`; EIO
 */
export function readOwnFile(what: string, path: string, mostBytes: number, mostNames = 1): string | null {
  let file: number;
  try {
    file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  } catch (thrown) {
    if (codeOf(thrown) === 'ENOENT' || codeOf(thrown) === 'ENOTDIR') return null;
    const fault = codeOf(thrown) === 'ELOOP' ? 'is a symbolic link' : faultByName(path, mostNames);
    if (fault !== null) throw refusal(what, path, fault);
    throw new UipvsError('EIO', `${what} ${path} cannot be read: ${messageOf(thrown)}`, { cause: thrown });
  }
  try {
    const found = fstatSync(file);
    const fault = faultOf(found, mostNames);
    if (fault !== null) throw refusal(what, path, fault);
    if (found.size > mostBytes)
      throw new UipvsError('EINVAL', `${what} ${path} is longer than ${mostBytes} bytes`);
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** Of what cannot even be opened, such as another user's file or socket. */
function faultByName(path: string, mostNames: number): string | null {
  try {
    return faultOf(lstatSync(path), mostNames);
  } catch {
    return null;
  }
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

/** Throws EPERM where what has the name is not root's or this user's; nothing where there is none. */
export function refuseForeign(what: string, path: string): void {
  let found: Stats;
  try {
    found = lstatSync(path);
  } catch {
    return;
  }
  if (!isTrusted(found.uid)) throw refusal(what, path, `belongs to user ${found.uid}`);
}

/**
 * Makes a file for writing that was not there before, whatever had the name.
 *
 * @returns its descriptor
 * @throws UipvsError EPERM where what has the name cannot be taken away; errors of open(2)
 */
export function createFile(what: string, path: string, mode: number, flags = 0): number {
  try {
    unlinkSync(path);
  } catch (thrown) {
    if (codeOf(thrown) !== 'ENOENT') {
      if (isThere(path)) throw refusal(what, path, `cannot be replaced (${messageOf(thrown)})`);
      throw thrown;
    }
  }
  return openSync(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | flags, mode);
}
