/**
 * Carries out one command. What only some commands need is imported when they need it: the program is started anew
 * for each command, and loading a module costs about as much as the command itself.
 */
import type { ChangeRequest, Command } from './command.js';
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
    case 'version':
    case 'uipvs-help': {
      const help = await import('./help.js');
      const text = { help: help.helpText, version: help.versionText, 'uipvs-help': help.ownHelpText };
      conversation.output.out(text[command.kind](conversation.surroundings.program));
      return outcome(EXIT_OK, true);
    }
    case 'change':
      return change(command.request, conversation);
    case 'list-sysctls':
    case 'set-sysctl': {
      const { executeSysctl } = await import('./execute-sysctl.js');
      return executeSysctl(command, conversation);
    }
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
