/**
 * `-R`: a command a line, from a stream, over one connection.
 *
 * Changes are not waited for one by one: requests go out while earlier answers are still under way, because the
 * daemon answers in order. What the user sees is as if each line had been finished before the next was read: texts
 * come in the order of the lines; a line that ends the restore ends it after all lines before it were carried out
 * and none after it was sent. That last holds because everything that ends a restore is found before sending, but
 * for failed listings, and those are waited for.
 */
import type { ChangeRequest } from './command.js';
import { CommandLineError, EXIT_OK, EXIT_REFUSED } from './command-line-error.js';
import type { Conversation } from './conversation.js';
import { execute } from './execute.js';
import { UnresolvedHost } from './host-address.js';
import { type Outcome, outcome } from './outcome.js';
import { isRefusal, refusalText } from './refusal.js';
import { linesOf, splitLine } from './restore-line.js';

/** Requests under way at once: what the daemon takes of a client, and so what it can do together on the host. */
const MAX_UNANSWERED = 4096;

/** Runs every line of `input`. The exit code is the last command's, or of the one that ended it. */
export async function restore(input: NodeJS.ReadableStream, conversation: Conversation): Promise<number> {
  const run = new RestoreRun(conversation);
  for await (const line of linesOf(input)) {
    const words = splitLine(line);
    if (words.length > 0 && (await run.take(words)).endsRestore) break;
  }
  await run.drain();
  return run.exitCode;
}

class RestoreRun {
  readonly #conversation: Conversation;
  /** Settles with the outcome of each change under way, oldest first. Never rejects but where the daemon is lost. */
  readonly #unanswered: Promise<Outcome>[] = [];
  #exitCode = EXIT_OK;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  get exitCode(): number {
    return this.#exitCode;
  }

  async take(words: readonly string[]): Promise<Outcome> {
    try {
      let parsed = this.#conversation.tryParse(words, true);
      if (parsed instanceof UnresolvedHost) parsed = await this.#conversation.parse(words, true);
      const { command } = parsed;
      if (command.kind === 'change') return await this.#send(command.request);
      await this.drain();
      // The parser has refused an -R inside of one.
      const done =
        command.kind === 'restore' ? outcome(EXIT_REFUSED, true) : await execute(command, this.#conversation);
      this.#exitCode = done.exitCode;
      return done;
    } catch (error) {
      if (!(error instanceof CommandLineError)) throw error;
      await this.drain();
      this.#conversation.output.err(`${error.message}\n`);
      this.#exitCode = error.exitCode;
      return outcome(error.exitCode, error.endsRestore);
    }
  }

  /** Waits for every answer. */
  async drain(): Promise<void> {
    while (this.#unanswered.length > 0) await this.#settleOldest();
  }

  async #send(request: ChangeRequest): Promise<Outcome> {
    const client = await this.#conversation.client();
    if (this.#unanswered.length >= MAX_UNANSWERED) await this.#settleOldest();
    const answer = client.request(request).then(
      () => outcome(EXIT_OK),
      (error: unknown) => {
        if (!isRefusal(error)) throw error;
        this.#conversation.output.err(`${refusalText(error)}\n`);
        return outcome(EXIT_REFUSED);
      },
    );
    // Rejections are met in #settleOldest; until then they are not unhandled.
    answer.catch(() => undefined);
    this.#unanswered.push(answer);
    return outcome(EXIT_OK);
  }

  async #settleOldest(): Promise<void> {
    const oldest = await this.#unanswered.shift();
    if (oldest !== undefined) this.#exitCode = oldest.exitCode;
  }
}
