/**
 * `-R --atomic`, which is ours: all lines or none. They are read and checked to the end, then sent as one batch, so
 * that no packet meets a table that is half restored.
 *
 * A line that does not parse, that is no change of the table, or that the daemon refuses gets its message as always
 * and then a line that says which it was. The exit code is the one that -R has where that line is the last.
 */
import { type Change, MAX_REQUEST_BYTES, type Request } from '../control/protocol.js';
import { isTableChange } from './command.js';
import { CommandLineError, EXIT_OK, EXIT_REFUSED, usageError } from './command-line-error.js';
import type { Conversation } from './conversation.js';
import { UnresolvedHost } from './host-address.js';
import type { ParsedCommandLine } from './parse.js';
import { batchRefusalText, isRefusal } from './refusal.js';
import { linesOf, splitLine } from './restore-line.js';

interface Line {
  /** From 1. */
  readonly number: number;
  readonly words: readonly string[];
  readonly change: Change;
}

/** Runs all lines of `input` or none, in one request of at most `maxBytes`. Throws as Conversation.client does. */
export async function restoreAtomically(
  input: NodeJS.ReadableStream,
  conversation: Conversation,
  maxBytes = MAX_REQUEST_BYTES,
): Promise<number> {
  const lines: Line[] = [];
  let number = 0;
  for await (const texts of linesOf(input)) {
    for (const text of texts) {
      number++;
      const words = splitLine(text);
      if (words.length === 0) continue;
      try {
        let parsed = conversation.tryParse(words, true);
        if (parsed instanceof UnresolvedHost) parsed = await conversation.parse(words, true);
        lines.push({ number, words, change: changeOf(parsed) });
      } catch (error) {
        if (!(error instanceof CommandLineError)) throw error;
        return refuse(error.message, { number, words }, error.exitCode, conversation);
      }
    }
  }
  return lines.length === 0 ? EXIT_OK : send(lines, conversation, maxBytes);
}

function changeOf({ command }: ParsedCommandLine): Change {
  if (command.kind === 'change' && isTableChange(command.request)) return command.request;
  throw usageError('-R --atomic takes only lines that change services or destinations');
}

async function send(lines: readonly Line[], conversation: Conversation, maxBytes: number): Promise<number> {
  const request: Request = { op: 'batch', requests: lines.map(({ change }) => change) };
  const size = Buffer.byteLength(JSON.stringify(request));
  if (size > maxBytes) {
    const limit = `uipvsd takes at most ${maxBytes} bytes at once, not the ${size} of these lines`;
    conversation.output.err(`${limit}\nNothing was changed\n`);
    return EXIT_REFUSED;
  }
  const client = await conversation.client();
  try {
    await client.request(request);
    return EXIT_OK;
  } catch (error) {
    if (!isRefusal(error)) throw error;
    const line = error.index === undefined ? undefined : lines[error.index];
    return refuse(batchRefusalText(error, line?.change.op), line, EXIT_REFUSED, conversation);
  }
}

function refuse(
  message: string,
  line: Pick<Line, 'number' | 'words'> | undefined,
  exitCode: number,
  conversation: Conversation,
): number {
  const where = line === undefined ? '' : `Line ${line.number} is refused: ${line.words.join(' ')}\n`;
  conversation.output.err(`${message}\n${where}Nothing was changed\n`);
  return exitCode;
}
