/**
 * Carries out one command. What only some commands need is imported when they need it: the program is started anew
 * for each command, and loading a module costs about as much as the command itself.
 */
import type { ChangeRequest, Command, SyncRole } from './command.js';
import { EXIT_OK, EXIT_REFUSED } from './command-line-error.js';
import type { Conversation } from './conversation.js';
import { type Outcome, outcome } from './outcome.js';
import { isRefusal, refusalText } from './refusal.js';

/** Every command but `-R`. Throws CommandLineError where the daemon cannot be reached, UipvsError where it is lost. */
export async function execute(
  command: Exclude<Command, { kind: 'restore' }>,
  conversation: Conversation,
): Promise<Outcome> {
  switch (command.kind) {
    case 'help':
    case 'version': {
      const { helpText, versionText } = await import('./help.js');
      conversation.output.out(
        command.kind === 'help'
          ? helpText(conversation.surroundings.program)
          : versionText(conversation.surroundings.program),
      );
      return outcome(EXIT_OK, true);
    }
    case 'change':
      return change(command.request, conversation);
    case 'start-daemon':
    case 'stop-daemon':
      return synchronise(command.kind, command.role, conversation);
    default: {
      const { executeList } = await import('./execute-list.js');
      return executeList(command, conversation);
    }
  }
}

async function change(request: ChangeRequest, conversation: Conversation): Promise<Outcome> {
  const client = await conversation.client();
  try {
    await client.request(request);
    return outcome(EXIT_OK);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    conversation.output.err(`${refusalText(error)}\n`);
    return outcome(EXIT_REFUSED);
  }
}

function synchronise(
  kind: 'start-daemon' | 'stop-daemon',
  role: SyncRole,
  conversation: Conversation,
): Outcome {
  const text =
    kind === 'stop-daemon'
      ? 'No daemon is running'
      : `uipvs has no connection synchronisation: --start-daemon ${role} is not supported`;
  conversation.output.err(`${text}\n`);
  return outcome(EXIT_REFUSED);
}
