/** The directory in which a daemon keeps what its successor needs: its connections and its configuration. */
import { mkdirSync, rmdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, UipvsError } from '../base/error.js';
import { makeGuardedDirectory } from '../base/guarded-path.js';
import { type FoundTable, isNativeError } from '../engine/addon.js';
import type { Engine } from '../engine/engine.js';

const EWOULDBLOCK = 11;
const EACCES = 13;
const ENOTDIR = 20;
const ELOOP = 40;

/** Why a connection table that is there is not gone on with, by what was found. */
const REASONS: Readonly<Record<Exclude<FoundTable, 'table' | 'nothing'>, string>> = {
  unfinished: 'it is none, or was never finished',
  'other-size': 'it was cut, or is of another --connections',
  'other-layout': 'it is of another version',
  'other-capacity': 'it is of another --connections',
  'other-boot': 'it is from before the host was started',
};

export const SERVICES_FILE = 'services';
const CONNECTIONS_FILE = 'connections';

/**
 * Takes the directory into use, made where it is missing, and puts the connection table into it.
 *
 * @returns why connections of before are not gone on with, in a sentence; null where they are, or there are none
 * @throws UipvsError EBUSY where another daemon has it; EPERM where it, or the table, is or could be somebody else's; EIO
 */
export function openStateDirectory(
  engine: Pick<Engine, 'openState'>,
  path: string,
  isFresh: boolean,
): string | null {
  try {
    // The directory itself is looked at when it is opened, and what is in it then.
    makeGuardedDirectory(dirname(path), 0o700);
    make(path);
    const found = engine.openState(path, isFresh);
    if (found === 'table' || found === 'nothing') return null;
    return `the connections in ${path} are not used: ${REASONS[found]}`;
  } catch (thrown) {
    if (thrown instanceof UipvsError) throw thrown;
    throw explain(thrown, path);
  }
}

function make(path: string): void {
  try {
    mkdirSync(path, 0o700);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
  }
}

/** Forgets the connections, and the directory where nothing else is in it. */
export function clearStateDirectory(path: string): void {
  rmSync(join(path, CONNECTIONS_FILE), { force: true });
  try {
    rmdirSync(path);
  } catch {
    // Somebody keeps something there.
  }
}

function explain(thrown: unknown, path: string): UipvsError {
  const what = `state directory ${path}`;
  if (isNativeError(thrown)) {
    const { errno, syscall } = thrown;
    if (errno === EWOULDBLOCK) return new UipvsError('EBUSY', `${what} is in use by another uipvsd`);
    if (errno === ELOOP || errno === ENOTDIR || syscall === 'kind')
      return new UipvsError('EPERM', `${what} must be a directory, and what is in it files, not links`);
    if (syscall === 'owner' || errno === EACCES)
      return new UipvsError('EPERM', `${what}, and the files in it, must belong to the user who runs uipvsd`);
    if (syscall === 'mode')
      return new UipvsError(
        'EPERM',
        `${what} must not be writable by others, and the files in it must be of mode 0600`,
      );
  }
  return new UipvsError('EIO', `${what} cannot be used: ${messageOf(thrown)}`);
}
