/**
 * Carries out one command. What only some commands need is imported when they need it: the program is started anew
 * for each command, and loading a module costs about as much as the command itself.
 */
import type { ChangeRequest, Command, SyncRole } from './command.js';
import { EXIT_OK, EXIT_REFUSED } from './command-line-error.js';
import { type Outcome, outcome } from './outcome.js';
import { isRefusal, refusalText } from './refusal.js';
import type { Session } from './session.js';

/** Every command but `-R`. Throws CommandLineError where the daemon cannot be reached, UipvsError where it is lost. */
export async function execute(
  command: Exclude<Command, { kind: 'restore' }>,
  session: Session,
): Promise<Outcome> {
  switch (command.kind) {
    case 'help':
    case 'version': {
      const { helpText, versionText } = await import('./help.js');
      session.output.out(
        command.kind === 'help'
          ? helpText(session.surroundings.program)
          : versionText(session.surroundings.program),
      );
      return outcome(EXIT_OK, true);
    }
    case 'change':
      return change(command.request, session);
    case 'start-daemon':
    case 'stop-daemon':
      return synchronise(command.kind, command.role, session);
    default: {
      const { executeList } = await import('./execute-list.js');
      return executeList(command, session);
    }
  }
}

async function change(request: ChangeRequest, session: Session): Promise<Outcome> {
  const client = await session.client();
  try {
    await client.request(request);
    return outcome(EXIT_OK);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    session.output.err(`${refusalText(error)}\n`);
    return outcome(EXIT_REFUSED);
  }
}

function synchronise(kind: 'start-daemon' | 'stop-daemon', role: SyncRole, session: Session): Outcome {
  const text =
    kind === 'stop-daemon'
      ? 'No daemon is running'
      : `uipvs has no connection synchronisation: --start-daemon ${role} is not supported`;
  session.output.err(`${text}\n`);
  return outcome(EXIT_REFUSED);
}
