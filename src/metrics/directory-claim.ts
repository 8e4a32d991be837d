import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, UipvsError } from '../base/error.js';
import { withHostLock } from '../host/host-lock.js';
import { isAlive, ownIdentity, type ProcessIdentity } from '../host/process-identity.js';

const NAME = '.uipvsd';
const MODE = 0o644;

/** A directory for one process alone. The claim is a file in it that names the process; a dead one's is taken over. */
export class DirectoryClaim {
  readonly #path: string;

  private constructor(file: string) {
    this.#path = file;
  }

  /** Errors: EADDRINUSE where a process that lives has the directory, EACCES where no file can be made in it. */
  static async take(directory: string): Promise<DirectoryClaim> {
    const file = path.join(directory, NAME);
    try {
      await withHostLock(`${file}.lock`, async () => {
        const holder = await holderOf(file);
        if (holder !== null && (await isAlive(holder))) {
          const taken = `directory ${directory} is in use by another uipvsd, process ${holder.pid}`;
          throw new UipvsError('EADDRINUSE', `${taken}: choose another --proc-dir`);
        }
        await writeFile(file, `${JSON.stringify(await ownIdentity())}\n`, { mode: MODE });
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

/** Null where there is none, or none that can be read. */
async function holderOf(file: string): Promise<ProcessIdentity | null> {
  try {
    const { pid, startTicks } = JSON.parse(await readFile(file, 'utf8')) as Partial<ProcessIdentity>;
    return typeof pid === 'number' && typeof startTicks === 'string' ? { pid, startTicks } : null;
  } catch {
    return null;
  }
}
