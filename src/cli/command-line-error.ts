/** A command line that is refused before the daemon hears of it. */
import { UipvsError } from '../base/error.js';

/** The exit codes of ipvsadm. */
export const EXIT_OK = 0;
/** A listing that failed. */
export const EXIT_LIST_FAILED = 1;
/** A wrong command line, or no daemon. */
export const EXIT_USAGE = 2;
/** A refusal by the kernel, here by the daemon, and a word that is no option. */
export const EXIT_REFUSED = 255;

/** `message` is what goes to stderr. */
export class CommandLineError extends UipvsError {
  readonly exitCode: number;
  /** Whether `-R` ends here; otherwise it goes on with the next line. */
  readonly endsRestore: boolean;

  constructor(message: string, exitCode: number, endsRestore: boolean) {
    super('EINVAL', message);
    this.name = 'CommandLineError';
    this.exitCode = exitCode;
    this.endsRestore = endsRestore;
  }
}

/** A wrong value or combination: exit 2, and the end of a restore. */
export function usageError(message: string): CommandLineError {
  return new CommandLineError(message, EXIT_USAGE, true);
}

/** Something uipvs does not do: exit 255, and a restore goes on, as after a refusal by the kernel. */
export function unsupportedError(message: string): CommandLineError {
  return new CommandLineError(message, EXIT_REFUSED, false);
}
