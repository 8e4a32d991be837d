import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, UipvsError } from '../base/error.js';

/** Characters. */
const WRITTEN_AT_ONCE = 1 << 15;

type Pieces = Iterable<string> | AsyncIterable<string>;

/** Tells one text from another, however both are cut into pieces. */
class Digest {
  readonly #hash = createHash('sha256');

  /** The same pieces. */
  async *of(pieces: Pieces): AsyncGenerator<string> {
    for await (const piece of pieces) {
      this.#hash.update(piece, 'latin1');
      yield piece;
    }
  }

  /** Once, when all pieces have passed. */
  value(): string {
    return this.#hash.digest('hex');
  }
}

/**
 * A file that readers see whole or not at all: written under another name beside it, `.NAME.new`, and then renamed.
 * The text is ASCII.
 */
export class PublishedFile {
  readonly #path: string;
  readonly #temporaryPath: string;
  readonly #mode: number;
  /** Of the text that is there, where that is known. */
  #digest: string | null = null;

  constructor(directory: string, name: string, mode: number) {
    this.#path = path.join(directory, name);
    this.#temporaryPath = path.join(directory, `.${name}.new`);
    this.#mode = mode;
  }

  /** Puts a new text in the file's place. Throws EACCES; then the old text stays. What `pieces` throws passes through. */
  async replace(pieces: Pieces): Promise<void> {
    const file = await this.#attempt(() => this.#create());
    try {
      let text = '';
      for await (const piece of pieces) {
        text += piece;
        if (text.length < WRITTEN_AT_ONCE) continue;
        await this.#attempt(() => file.write(text, null, 'latin1'));
        text = '';
      }
      if (text !== '') await this.#attempt(() => file.write(text, null, 'latin1'));
      await this.#attempt(() => file.close());
      await this.#attempt(() => rename(this.#temporaryPath, this.#path));
    } catch (thrown) {
      await file.close().catch(() => undefined);
      await remove(this.#temporaryPath).catch(() => undefined);
      throw thrown;
    }
  }

  /** As {@link replace}, but leaves the file alone where it has this text already. `make` makes the text anew. */
  async replaceIfChanged(make: () => Pieces): Promise<void> {
    if (this.#digest !== null) {
      const wanted = new Digest();
      for await (const _piece of wanted.of(make())) {
        // Only the digest is wanted.
      }
      if (wanted.value() === this.#digest) return;
    }
    const written = new Digest();
    await this.replace(written.of(make()));
    this.#digest = written.value();
  }

  /** Removes the file and what an interrupted writing left. No error where there is none. Throws EACCES. */
  async remove(): Promise<void> {
    this.#digest = null;
    await this.#attempt(() => remove(this.#temporaryPath));
    await this.#attempt(() => remove(this.#path));
  }

  /** `wx` follows no link: nobody can lead the writing elsewhere. */
  async #create(): Promise<FileHandle> {
    await remove(this.#temporaryPath);
    const file = await open(this.#temporaryPath, 'wx', this.#mode);
    await file.chmod(this.#mode); // whatever the umask
    return file;
  }

  async #attempt<Result>(task: () => Promise<Result>): Promise<Result> {
    try {
      return await task();
    } catch (thrown) {
      throw new UipvsError('EACCES', `file ${this.#path} cannot be written: ${messageOf(thrown)}`);
    }
  }
}

async function remove(file: string): Promise<void> {
  try {
    await unlink(file);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
}
