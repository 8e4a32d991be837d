/**
 * Theory of operation: uipvsadm, which is ipvsadm 1.31 to the letter, over uipvsd instead of the kernel.
 *
 *   words -> popt -> draft -> legality -> assemble -> Command -> execute -> client -> uipvsd
 *            (grammar)  (values)  (which option)  (combinations)      \-> format -> stdout
 *
 * Everything up to the Command is pure and synchronous: words in, a Command or one message out. What it needs from
 * outside, names of hosts and ports, is handed in; a host name that is not known yet interrupts the parse, is
 * looked up, and the parse is done anew. What is printed for an answer of the daemon is pure as well. So both ends
 * are tested as tables against what the real ipvsadm was seen to say on a real kernel.
 *
 * Exit codes: 0; 1 a listing failed; 2 a wrong command line, or no daemon; 255 the daemon refused, or a word is no
 * option. In `-R` the first kind of 255 goes on with the next line and 2 ends the restore.
 *
 * Differs from ipvsadm: -h and -v and the checks of the command line work without the daemon; -S saves thresholds
 * too; --start-daemon is refused; and there are options of our own, which `--uipvs-help` tells (help.ts). In a line of
 * -R, which is a file that ipvsadm reads as well, there are only those of a service that has what the kernel has not.
 */
import { messageOf } from '../base/error.js';
import { DEFAULT_SOCKET_PATH } from '../control/protocol.js';
import { CommandLineError, EXIT_USAGE } from './command-line-error.js';
import { Conversation, type Surroundings } from './conversation.js';

export interface Invocation extends Surroundings {
  /** The words after the program's name. */
  readonly words: readonly string[];
  /** The value of UIPVS_SOCKET. */
  readonly socketVariable: string | undefined;
  /** What `-R` reads. */
  readonly openInput: () => NodeJS.ReadableStream;
}

/** Runs the program to its exit code. Never rejects. */
export async function main(invocation: Invocation): Promise<number> {
  const { output } = invocation;
  const conversation = new Conversation(invocation, invocation.socketVariable || DEFAULT_SOCKET_PATH);
  try {
    const { command, socket } = await conversation.parse(invocation.words, false);
    if (socket !== undefined) conversation.socketPath = socket;
    if (command.kind === 'restore') {
      if (command.isAtomic) {
        const { restoreAtomically } = await import('./restore-atomic.js');
        return await restoreAtomically(invocation.openInput(), conversation);
      }
      const { restore } = await import('./restore.js');
      return await restore(invocation.openInput(), conversation);
    }
    const { execute } = await import('./execute.js');
    return (await execute(command, conversation)).exitCode;
  } catch (error) {
    output.err(`${error instanceof CommandLineError ? error.message : messageOf(error)}\n`);
    return error instanceof CommandLineError ? error.exitCode : EXIT_USAGE;
  } finally {
    await conversation.close();
  }
}
