/** File systems that lie in memory. The connection table has to: on a disk, packets would wait for its being written. */
import { createHash } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

// Specification: linux/magic.h, TMPFS_MAGIC and RAMFS_MAGIC.
const MAGICS: readonly number[] = [0x01021994, 0x858458f6];
/** Where the C library keeps shared memory: shm_overview(7). */
const SHARED_MEMORY = '/dev/shm';

/** The directory for shared memory, null where there is none. */
export function sharedMemory(): string | null {
  try {
    return MAGICS.includes(statfsSync(SHARED_MEMORY).type) ? SHARED_MEMORY : null;
  } catch {
    return null;
  }
}

/** Whether `path`, or the nearest directory above it that is there, lies in memory. */
export function isInMemory(path: string): boolean {
  for (let place = resolve(path); ; place = dirname(place)) {
    try {
      return MAGICS.includes(statfsSync(place).type);
    } catch {
      if (place === dirname(place)) return false;
    }
  }
}

/** `state` beside the socket where that is in memory, else a place for shared memory that is named after it. */
export function defaultStateDirectory(
  socketPath: string,
  isMemory = isInMemory,
  shared = sharedMemory(),
): string {
  const beside = join(dirname(resolve(socketPath)), 'state');
  if (isMemory(beside) || shared === null) return beside;
  const name = createHash('sha256').update(beside).digest('hex').slice(0, 16);
  return join(shared, `uipvs-${name}`);
}
