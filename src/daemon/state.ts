/**
 * Theory of operation: what a successor needs when the daemon dies, in one directory: `connections`, the connection table
 * as it is at each moment (native/core/connection_table.h), and `services`, the configuration (state-journal.ts). Both
 * hold for one boot of the host. The TUN devices stay as well, so that routes and rules for them do; which of them are
 * ours to take away is written down before they are made to stay. Who keeps them open meanwhile: descriptor-store.ts.
 *
 * A successor restores the configuration with the ids that connections call destinations by, then takes over the
 * connections. An end by SIGTERM forgets all of it, as the removal of the kernel's module does; one by SIGUSR2 leaves it,
 * for the next version of the program.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecoveryReport } from '../engine/addon.js';
import type { Engine } from '../engine/engine.js';
import type { Director } from '../ipvs/director.js';
import type { DescriptorStore } from './descriptor-store.js';
import type { BatchLine } from './entry-lines.js';
import type { Logger } from './logger.js';
import { isInMemory } from './memory-file-system.js';
import type { SavedState } from './saved-state.js';
import { clearStateDirectory, openStateDirectory, SERVICES_FILE } from './state-directory.js';
import type { StateEntry } from './state-entry.js';
import { StateJournal } from './state-journal.js';
import { entriesOf, restoreInto } from './state-restore.js';

const BOOT_ID_PATH = '/proc/sys/kernel/random/boot_id';

type Keeper = Pick<Engine, 'openState' | 'recover' | 'devices'>;

export interface StateOptions {
  readonly stateDirectory: string;
  /** Forget what was before. */
  readonly isFresh: boolean;
  readonly store: DescriptorStore;
}

export class State {
  readonly #engine: Keeper;
  readonly #directory: string;
  readonly #log: Logger;
  readonly #journal: StateJournal;
  readonly #saved: SavedState | null;
  readonly #store: DescriptorStore;
  /** Devices that stay because of us, with their marks once they are open. */
  readonly #devices = new Map<string, number | null>();
  readonly hasServices: boolean;

  private constructor(
    engine: Keeper,
    directory: string,
    log: Logger,
    journal: StateJournal,
    saved: SavedState | null,
    { isFresh, store }: StateOptions,
  ) {
    this.#engine = engine;
    this.#directory = directory;
    this.#log = log;
    this.#journal = journal;
    this.#saved = saved;
    this.#store = store;
    this.hasServices = saved !== null && !isFresh;
    for (const name of saved?.devices ?? []) this.#devices.set(name, null);
  }

  /**
   * Takes the directory into use, before anything else is done with the engine.
   *
   * @throws UipvsError EBUSY, EPERM, EIO: see {@link openStateDirectory}
   */
  static open(engine: Keeper, options: StateOptions, log: Logger): State {
    const { stateDirectory, isFresh } = options;
    const trouble = openStateDirectory(engine, stateDirectory, isFresh);
    if (trouble !== null) log.warn(trouble);
    if (!isInMemory(stateDirectory))
      log.warn({ stateDirectory }, 'the state directory is on a disk, for whose writes packets may wait');
    const path = join(stateDirectory, SERVICES_FILE);
    const onTrouble = (sentence: string): void => log.warn(sentence);
    const { journal, state } = StateJournal.open({ path, bootId: readBootId(), onTrouble }, isFresh);
    return new State(engine, stateDirectory, log, journal, state, options);
  }

  /** Whether a device of the name stayed when a daemon of ours died. */
  isLeftover(device: string): boolean {
    return this.#devices.get(device) === null;
  }

  /** Makes an empty model what was saved, and takes over the connections; how many, or null where nothing was saved. */
  restore(director: Director): RecoveryReport | null {
    if (this.#saved !== null && this.hasServices) {
      restoreInto(director, this.#saved, (refusal) => this.#log.warn(`not restored: ${refusal.message}`));
    }
    const report = this.#engine.recover();
    return this.hasServices ? report : null;
  }

  /** Writes down a change that was made. */
  note(entry: StateEntry): void {
    this.#journal.note(entry);
  }

  /** Writes down, at once, changes that were made together. */
  noteBatch(batch: BatchLine): void {
    this.#journal.noteBatch(batch);
  }

  /** A device that was opened, of a mark or with 0 the main one, stays from now on when the daemon dies. */
  deviceOpened(mark: number, name: string): void {
    const isOurs = this.#devices.has(name);
    // One that somebody else made to stay is his.
    if (!isOurs && this.#engine.devices.isDeviceKept(mark)) return;
    this.#devices.set(name, mark);
    if (!isOurs) {
      this.#journal.note({ op: 'keep-device', name });
      this.#journal.flush();
    }
    this.#engine.devices.keepDevice(mark, true);
    this.#store.keep(name, this.#engine.devices.descriptorsOf(mark));
  }

  /** A device is about to be closed, and goes then. */
  deviceClosing(mark: number): void {
    for (const [name, its] of this.#devices) {
      if (its !== mark) continue;
      this.#engine.devices.keepDevice(mark, false);
      this.#store.giveUp(name);
      this.#devices.delete(name);
      this.#journal.note({ op: 'give-device', name });
    }
  }

  /** Devices of a daemon before that were not opened again: they are nobody's, and to be taken away. */
  takeUnused(): readonly string[] {
    const unused = [...this.#devices].flatMap(([name, mark]) => (mark === null ? [name] : []));
    for (const name of unused) {
      this.#store.giveUp(name);
      this.#devices.delete(name);
      this.#journal.note({ op: 'give-device', name });
    }
    return unused;
  }

  /** Whether the file says much that no longer counts. */
  isLongFor(director: Director): boolean {
    let things = 0;
    for (const { destinations } of director.services()) things += 1 + destinations.length;
    return this.#journal.isLongFor(things);
  }

  /** Makes the file shorter; the model must not change meanwhile. */
  shorten(director: Director): Promise<void> {
    return this.#journal.rewrite(entriesOf(director, [...this.#devices.keys()]));
  }

  /** Ends and leaves everything to a successor. */
  leave(): void {
    this.#journal.close();
  }

  /** Ends and forgets everything. */
  forget(): void {
    for (const mark of [...this.#devices.values()]) if (mark !== null) this.deviceClosing(mark);
    this.#journal.remove();
    clearStateDirectory(this.#directory);
  }
}

function readBootId(): string {
  try {
    return readFileSync(BOOT_ID_PATH, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
