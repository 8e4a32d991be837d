/**
 * Theory of operation: the configuration outlives the daemon in a file to which each change adds a line.
 *
 * What a client was told is done is in the file by then: lines are written in the turn of the event loop in which the
 * model changes, before any other work, so that no connection can name a destination that the file does not know. They are
 * written to the kernel's memory, not to a disk, which is all that the end of a process asks for; the end of the host
 * ends the connections as well, and what was configured before it is not restored (the first line says which boot).
 *
 * A line costs about 2 us, whatever there is. The file grows by edits; when it has twice as many lines as there are
 * things to say, and some more, it is written anew beside the old one and takes its place by rename(2). Nobody sees half.
 * Commands wait meanwhile (0.3 s for 110,000 lines), packets do not.
 *
 * Where the file cannot be written, the daemon goes on and says so: it must not cease to balance because a disk is full.
 * It tries again with each next change.
 */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { messageOf, UipvsError } from '../base/error.js';
import { createFile } from '../base/own-file.js';
import { type BatchLine, EntryLines } from './entry-lines.js';
import { readSavedState, type SavedState } from './saved-state.js';
import { STATE_VERSION, type StateEntry } from './state-entry.js';

/** So few lines are never too many. */
const SPARE_LINES = 1000;
/** Lines written at once while the file is made anew: some milliseconds' work. */
const LINES_PER_STEP = 2048;
const OTHERS_RIGHTS = 0o077;

export interface StateJournalOptions {
  readonly path: string;
  readonly bootId: string;
  /** Of trouble with the file, in a sentence. */
  readonly onTrouble: (sentence: string) => void;
}

export class StateJournal {
  readonly #options: StateJournalOptions;
  #file: number | null = null;
  #lines = 0;
  #linesWhenNew = 0;
  readonly #waiting = new EntryLines();
  #isScheduled = false;
  #isRewriting = false;
  #isBehind = false;

  private constructor(options: StateJournalOptions) {
    this.#options = options;
  }

  /**
   * Opens the file, or begins a new one where there is none, or `isFresh`, or it says nothing that could be gone on with,
   * which is told as trouble.
   *
   * @throws UipvsError EPERM where the file is or could be somebody else's; EIO
   */
  static open(
    options: StateJournalOptions,
    isFresh: boolean,
  ): { readonly journal: StateJournal; readonly state: SavedState | null } {
    const journal = new StateJournal(options);
    const state = journal.#takeOver();
    if (state === null || isFresh) journal.#begin(state?.devices ?? []);
    return { journal, state };
  }

  /** Writes the entry down before this turn of the event loop ends. */
  note(entry: StateEntry): void {
    this.#waiting.append(entry);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(() => this.flush());
  }

  /** Writes what waits, and then the batch. Must not be called while the file is written anew. */
  noteBatch(batch: BatchLine): void {
    this.flush();
    this.#write(batch.end(), 1);
  }

  /** Writes what waits. */
  flush(): void {
    this.#isScheduled = false;
    if (this.#isRewriting || this.#file === null) return;
    const { count } = this.#waiting;
    this.#waiting.empty((bytes) => this.#write(bytes, count));
  }

  #write(bytes: Uint8Array, lines: number): void {
    if (this.#file === null || this.#isBehind) return;
    try {
      writeWhole(this.#file, bytes);
      this.#lines += lines;
    } catch (thrown) {
      this.#isBehind = true;
      this.#options.onTrouble(`changes are not saved: ${messageOf(thrown)}`);
    }
  }

  /** Whether the file ought to be written anew, in which there are so many things to say. */
  isLongFor(things: number): boolean {
    const fewest = Math.max(things, this.#linesWhenNew);
    return !this.#isRewriting && (this.#isBehind || this.#lines > 2 * fewest + SPARE_LINES);
  }

  /** Writes the file anew from `entries`, in steps; of changes that are noted meanwhile it does not know. */
  async rewrite(entries: Iterable<StateEntry>): Promise<void> {
    this.flush();
    this.#isRewriting = true;
    try {
      const next = this.#createDraft();
      try {
        const lines = await writeInSteps(next, this.#withBeginning(entries));
        this.#replace(next, lines);
      } catch (thrown) {
        closeSync(next);
        throw thrown;
      }
    } catch (thrown) {
      if (!this.#isBehind)
        this.#options.onTrouble(`the saved state is not made shorter: ${messageOf(thrown)}`);
      this.#linesWhenNew = this.#lines;
    } finally {
      this.#isRewriting = false;
      this.flush();
    }
  }

  /** May be called twice. */
  close(): void {
    this.flush();
    if (this.#file !== null) closeSync(this.#file);
    this.#file = null;
  }

  /** Forgets everything. */
  remove(): void {
    this.close();
    for (const path of [this.#options.path, this.#draftPath]) rmSync(path, { force: true });
  }

  get #draftPath(): string {
    return `${this.#options.path}.new`;
  }

  #createDraft(): number {
    return createFile('the saved state', this.#draftPath, 0o600, constants.O_APPEND);
  }

  *#withBeginning(entries: Iterable<StateEntry>): Generator<StateEntry> {
    yield { op: 'begin', version: STATE_VERSION, bootId: this.#options.bootId };
    yield* entries;
  }

  /** What the file says, null where there is nothing to be gone on with. */
  #takeOver(): SavedState | null {
    const { path, bootId, onTrouble } = this.#options;
    const file = openOwn(path);
    if (file === null) return null;
    try {
      const text = readFileSync(file, 'utf8');
      const { state, length, entries } = readSavedState(text, bootId);
      ftruncateSync(file, Buffer.byteLength(text.slice(0, length)));
      this.#file = file;
      this.#lines = entries;
      this.#linesWhenNew = entries;
      return state;
    } catch (thrown) {
      closeSync(file);
      onTrouble(`the saved state ${path} is not used: ${messageOf(thrown)}`);
      return null;
    }
  }

  #begin(devices: Iterable<string>): void {
    this.close();
    const names = [...devices];
    const entries = names.map((name): StateEntry => ({ op: 'keep-device', name }));
    const next = this.#createDraft();
    const lines = new EntryLines();
    for (const entry of this.#withBeginning(entries)) lines.append(entry);
    const { count } = lines;
    lines.empty((bytes) => writeWhole(next, bytes));
    this.#replace(next, count);
  }

  #replace(next: number, lines: number): void {
    renameSync(this.#draftPath, this.#options.path);
    if (this.#file !== null) closeSync(this.#file);
    this.#file = next;
    this.#lines = lines;
    this.#linesWhenNew = lines;
    this.#isBehind = false;
  }
}

async function writeInSteps(file: number, entries: Iterable<StateEntry>): Promise<number> {
  const lines = new EntryLines();
  const write = (bytes: Uint8Array): void => writeWhole(file, bytes);
  let written = 0;
  for (const entry of entries) {
    lines.append(entry);
    written += 1;
    if (lines.count < LINES_PER_STEP) continue;
    lines.empty(write);
    await turn();
  }
  lines.empty(write);
  return written;
}

function writeWhole(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}

/** Null where there is none. @throws UipvsError EPERM where it is or could be somebody else's; EIO */
function openOwn(path: string): number | null {
  const { O_RDWR, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;
  let file: number;
  try {
    file = openSync(path, O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') throw new UipvsError('EPERM', `the saved state ${path} is a symbolic link`);
    throw new UipvsError('EIO', `the saved state ${path} cannot be opened: ${messageOf(thrown)}`);
  }
  const { uid, mode, nlink } = fstatSync(file);
  const isRegular = (mode & constants.S_IFMT) === constants.S_IFREG && nlink === 1;
  if (isRegular && uid === process.geteuid?.() && (mode & OTHERS_RIGHTS) === 0) return file;
  closeSync(file);
  throw new UipvsError(
    'EPERM',
    `the saved state ${path} is not this user's alone: it must be a file of mode 0600`,
  );
}
