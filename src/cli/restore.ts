/**
 * `-R`: a command a line, from a stream, over one connection.
 *
 * Changes are not waited for one by one: those of the lines that have come are sent together, as sequences, while earlier
 * answers are still under way, because the daemon answers in order. What the user sees is as if each line had been
 * finished before the next was read: texts come in the order of the lines; a line that ends the restore ends it after
 * all lines before it were carried out and none after it was sent. That last holds because everything that ends a
 * restore is found before sending, but for failed listings, and those are waited for.
 */
import { RefusedError } from '../control/client.js';
import { type Change, MAX_SEQUENCE_CHANGES, MAX_SHORT_REQUEST_BYTES } from '../control/protocol.js';
import { type ChangeRequest, isTableChange } from './command.js';
import { CommandLineError, EXIT_OK, EXIT_REFUSED } from './command-line-error.js';
import type { Conversation } from './conversation.js';
import { execute } from './execute.js';
import { UnresolvedHost } from './host-address.js';
import { outcome } from './outcome.js';
import type { ParsedCommandLine } from './parse.js';
import { isRefusal, refusalText } from './refusal.js';
import { linesOf, splitLine } from './restore-line.js';

/** Changes under way at once: what the daemon takes of a client, and so what it can do together on the host. */
const MAX_UNANSWERED = 4096;
/** A change is no longer in JSON than this and so many times its line. */
const MOST_JSON_CHARACTERS = 512;
const JSON_CHARACTERS_EACH = 3;
const MAX_SEQUENCE_CHARACTERS = MAX_SHORT_REQUEST_BYTES / 2;

/** Runs every line of `input`. The exit code is the last command's, or of the one that ended it. */
export async function restore(input: NodeJS.ReadableStream, conversation: Conversation): Promise<number> {
  const run = new RestoreRun(conversation);
  for await (const lines of linesOf(input)) if (await run.take(lines)) break;
  await run.drain();
  return run.exitCode;
}

/** Changes that were sent together, and the exit code of the last of them. Rejects only where the daemon is lost. */
interface Unanswered {
  readonly count: number;
  readonly exitCode: Promise<number>;
}

class RestoreRun {
  readonly #conversation: Conversation;
  /** Oldest first. */
  readonly #unanswered: Unanswered[] = [];
  #unansweredCount = 0;
  /** Changes that are to be sent together. */
  #group: Change[] = [];
  /** No fewer than its JSON has. */
  #groupCharacters = 0;
  #exitCode = EXIT_OK;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  get exitCode(): number {
    return this.#exitCode;
  }

  /** Begins what the lines say. Whether one of them has ended the restore. */
  async take(lines: readonly string[]): Promise<boolean> {
    for (const line of lines) {
      const words = splitLine(line);
      if (words.length === 0) continue;
      try {
        let parsed = this.#conversation.tryParse(words, true);
        if (parsed instanceof UnresolvedHost) {
          // What can be done meanwhile is not kept waiting for the answer of a name server.
          await this.#sendGroup();
          parsed = await this.#conversation.parse(words, true);
        }
        if (!this.#collect(parsed, line) && (await this.#carryOut(parsed))) return true;
        if (this.#isGroupFull) await this.#sendGroup();
      } catch (error) {
        if (!(error instanceof CommandLineError)) throw error;
        await this.drain();
        this.#conversation.output.err(`${error.message}\n`);
        this.#exitCode = error.exitCode;
        if (error.endsRestore) return true;
      }
    }
    // The next line may come in an hour.
    await this.#sendGroup();
    return false;
  }

  /** Waits for every answer. */
  async drain(): Promise<void> {
    await this.#sendGroup();
    while (this.#unanswered.length > 0) await this.#settleOldest();
  }

  /** Whether it is one to be sent with others. */
  #collect({ command }: ParsedCommandLine, line: string): boolean {
    if (command.kind !== 'change' || !isTableChange(command.request)) return false;
    this.#group.push(command.request);
    this.#groupCharacters += MOST_JSON_CHARACTERS + JSON_CHARACTERS_EACH * line.length;
    return true;
  }

  get #isGroupFull(): boolean {
    return this.#group.length >= MAX_SEQUENCE_CHANGES || this.#groupCharacters >= MAX_SEQUENCE_CHARACTERS;
  }

  /** Whether it has ended the restore. */
  async #carryOut({ command }: ParsedCommandLine): Promise<boolean> {
    if (command.kind === 'change') {
      await this.#sendGroup();
      await this.#send([command.request]);
      return false;
    }
    await this.drain();
    // The parser has refused an -R inside of one.
    const done =
      command.kind === 'restore' ? outcome(EXIT_REFUSED, true) : await execute(command, this.#conversation);
    this.#exitCode = done.exitCode;
    return done.endsRestore;
  }

  async #sendGroup(): Promise<void> {
    if (this.#group.length === 0) return;
    const group = this.#group;
    this.#group = [];
    this.#groupCharacters = 0;
    await this.#send(group);
  }

  /** One request of any kind, or several changes. */
  async #send(requests: readonly [ChangeRequest] | readonly Change[]): Promise<void> {
    const { length: count } = requests;
    const conversation = this.#conversation;
    const client = await conversation.client();
    while (this.#unanswered.length > 0 && this.#unansweredCount + count > MAX_UNANSWERED)
      await this.#settleOldest();
    const [first] = requests;
    const answer =
      first !== undefined && count === 1
        ? client.request(first).then(() => [])
        : client.request({ op: 'sequence', requests: requests as readonly Change[] });
    const exitCode = answer.then(
      (refusals) => {
        for (const { index, errno, message } of refusals) {
          const { op } = requests[index] ?? { op: 'sequence' };
          conversation.output.err(`${refusalText(new RefusedError(op, errno, message))}\n`);
        }
        return refusals.at(-1)?.index === count - 1 ? EXIT_REFUSED : EXIT_OK;
      },
      (error: unknown) => {
        if (!isRefusal(error)) throw error;
        conversation.output.err(`${refusalText(error)}\n`);
        return EXIT_REFUSED;
      },
    );
    // Rejections are met in #settleOldest; until then they are not unhandled.
    exitCode.catch(() => undefined);
    this.#unanswered.push({ count, exitCode });
    this.#unansweredCount += count;
  }

  async #settleOldest(): Promise<void> {
    const oldest = this.#unanswered.shift();
    if (oldest === undefined) return;
    this.#unansweredCount -= oldest.count;
    this.#exitCode = await oldest.exitCode;
  }
}
