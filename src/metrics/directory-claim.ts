import { closeSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, UipvsError } from '../base/error.js';
import { createFile, readOwnFile } from '../base/own-file.js';
import { withHostLock } from '../host/host-lock.js';
import { isAlive, ownIdentity, type ProcessIdentity, parseIdentity } from '../host/process-identity.js';

const NAME = '.uipvsd';
const MODE = 0o644;
const MAX_BYTES = 1024;
const CLAIM = 'The claim';

/** A directory for one process alone. The claim is a file in it that names the process; a dead one's is taken over. */
export class DirectoryClaim {
  readonly #path: string;

  private constructor(file: string) {
    this.#path = file;
  }

  /** Errors: EADDRINUSE where a process that lives has the directory, EACCES where no file can be made in it, EPERM where it is not safe from others. */
  static async take(directory: string): Promise<DirectoryClaim> {
    const file = path.join(directory, NAME);
    try {
      await withHostLock(`${file}.lock`, async () => {
        const holder = holderOf(file);
        if (holder !== null && (await isAlive(holder))) {
          const taken = `directory ${directory} is in use by another uipvsd, process ${holder.pid}`;
          throw new UipvsError('EADDRINUSE', `${taken}: choose another --proc-dir`);
        }
        write(file, `${JSON.stringify(await ownIdentity())}\n`);
      });
    } catch (thrown) {
      if (thrown instanceof UipvsError) throw thrown;
      throw new UipvsError('EACCES', `directory ${directory} cannot be written: ${messageOf(thrown)}`);
    }
    return new DirectoryClaim(file);
  }

  /** May be called twice. */
  async release(): Promise<void> {
    await rm(this.#path, { force: true }).catch(() => undefined); // nobody can do more about it now
  }
}

/** Null where there is none, or none that can be read. Errors: EPERM where it is somebody else's. */
function holderOf(file: string): ProcessIdentity | null {
  try {
    return parseIdentity(JSON.parse(readOwnFile(CLAIM, file, MAX_BYTES) ?? 'null'));
  } catch (thrown) {
    if (thrown instanceof UipvsError && thrown.code === 'EPERM') throw thrown;
    return null;
  }
}

function write(path: string, text: string): void {
  const file = createFile(CLAIM, path, MODE);
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}
