/** Lines of entries as the bytes of a file, which are used again once they are written: 100,000 at once cost no garbage. */
import {
  entryJson,
  hexDigitOf,
  type StateEntry,
  SUM_DIGITS,
  SUM_OF_NOTHING,
  sumOfBytes,
  sumOfText,
} from './state-entry.js';

const INITIAL_BYTES = 1 << 16;
/** What is larger than this is given back. */
const MAX_KEPT_BYTES = 1 << 20;
/** Of one UTF-16 code unit in UTF-8. */
const MOST_BYTES_EACH = 3;
const SPACE = 0x20;
const NEWLINE = 0x0a;

/** Bytes that grow, and the lines in them, the last of which may have no end yet. */
class Lines {
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  #length = 0;
  #lineAt = 0;
  #sum = SUM_OF_NOTHING;

  /** Good until anything is added. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  beginLine(): void {
    this.#makeRoom(SUM_DIGITS + 1);
    this.#lineAt = this.#length;
    this.#sum = SUM_OF_NOTHING;
    this.#length += SUM_DIGITS + 1;
  }

  append(text: string): void {
    this.#makeRoom(MOST_BYTES_EACH * text.length);
    const begin = this.#length;
    this.#length += this.#bytes.write(text, begin);
    // The sum is over UTF-16 code units; where all are ASCII, these are the bytes.
    const isAscii = this.#length - begin === text.length;
    this.#sum = isAscii
      ? sumOfBytes(this.#bytes, begin, this.#length, this.#sum)
      : sumOfText(text, this.#sum);
  }

  endLine(): void {
    this.#makeRoom(1);
    for (let digit = 0; digit < SUM_DIGITS; digit += 1)
      this.#bytes[this.#lineAt + digit] = hexDigitOf(this.#sum, digit);
    this.#bytes[this.#lineAt + SUM_DIGITS] = SPACE;
    this.#bytes[this.#length] = NEWLINE;
    this.#length += 1;
  }

  clear(): void {
    this.#length = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES);
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** Lines that wait to be written. */
export class EntryLines {
  readonly #lines = new Lines();
  #count = 0;

  /** Lines that are there. */
  get count(): number {
    return this.#count;
  }

  append(entry: StateEntry): void {
    this.#count += 1;
    this.#lines.beginLine();
    this.#lines.append(entryJson(entry));
    this.#lines.endLine();
  }

  /** Hands all lines to `write` and forgets them. Their bytes are there only as long as that call. */
  empty(write: (bytes: Uint8Array) => void): void {
    try {
      if (this.#count > 0) write(this.#lines.bytes);
    } finally {
      this.#lines.clear();
      this.#count = 0;
    }
  }
}

/** The line of one `batch`, made entry by entry. */
export class BatchLine {
  readonly #lines = new Lines();
  #isEmpty = true;

  constructor() {
    this.#lines.beginLine();
    this.#lines.append('{"op":"batch","entries":[');
  }

  add(entry: StateEntry): void {
    this.#lines.append(this.#isEmpty ? entryJson(entry) : `,${entryJson(entry)}`);
    this.#isEmpty = false;
  }

  /** The whole line, with its end; to be called once, after the last {@link add}. */
  end(): Uint8Array {
    this.#lines.append(']}');
    this.#lines.endLine();
    return this.#lines.bytes;
  }
}
