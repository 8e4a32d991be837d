/** What the commands of one run share: the connection to the daemon, and what is known of names. */
import { messageOf, UipvsError } from '../base/error.js';
import type { ControlClient } from '../control/client.js';
import { CommandLineError, EXIT_USAGE } from './command-line-error.js';
import { parseInetAton, UnresolvedHost } from './host-address.js';
import { type ParseContext, type ParsedCommandLine, parseCommandLine } from './parse.js';
import type { Resolver } from './resolver.js';
import type { ServiceNames } from './service-name.js';

/** Where text goes. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

/** What a run is given from outside. */
export interface Surroundings {
  /** The program's name as messages give it. */
  readonly program: string;
  readonly output: Output;
  readonly services: ServiceNames;
  readonly resolver: Resolver;
}

export class Conversation {
  readonly surroundings: Surroundings;
  readonly output: Output;
  /** Where the daemon listens; read when the first command needs it. */
  socketPath: string;
  readonly #hosts = new Map<string, number | null>();
  #client: Promise<ControlClient> | undefined;

  constructor(surroundings: Surroundings, socketPath: string) {
    this.surroundings = surroundings;
    this.output = surroundings.output;
    this.socketPath = socketPath;
  }

  /** The one connection, made when it is first needed. Rejects with a CommandLineError that says what is wrong. */
  client(): Promise<ControlClient> {
    this.#client ??= this.#connect();
    return this.#client;
  }

  /** Ends the connection, where there is one. */
  async close(): Promise<void> {
    const client = await this.#client?.catch(() => undefined);
    client?.close();
  }

  /** Parses, asking the resolver for host names on the way. Throws CommandLineError. */
  async parse(words: readonly string[], isRestoredLine: boolean): Promise<ParsedCommandLine> {
    for (;;) {
      const parsed = this.tryParse(words, isRestoredLine);
      if (!(parsed instanceof UnresolvedHost)) return parsed;
      const address = await this.surroundings.resolver.addressOf(parsed.host);
      // A host without an address is refused as an illegal one.
      this.#hosts.set(parsed.host, address === undefined ? null : (parseInetAton(address) ?? null));
    }
  }

  /** Parses with what is known already, or gives back the host name that is missing. Throws CommandLineError. */
  tryParse(words: readonly string[], isRestoredLine: boolean): ParsedCommandLine | UnresolvedHost {
    const { program, services } = this.surroundings;
    const context: ParseContext = { program, isRestoredLine, hosts: this.#hosts, services };
    try {
      return parseCommandLine(words, context);
    } catch (error) {
      if (error instanceof UnresolvedHost) return error;
      throw error;
    }
  }

  async #connect(): Promise<ControlClient> {
    const { ControlClient } = await import('../control/client.js');
    try {
      return await ControlClient.connect(this.socketPath);
    } catch (error) {
      throw unreachable(this.socketPath, error);
    }
  }
}

/** ipvsadm's sentence for a kernel without IPVS, with what is true here. */
function unreachable(path: string, error: unknown): CommandLineError {
  const code = error instanceof UipvsError ? error.code : undefined;
  const text =
    code === 'EACCES'
      ? `Permission denied (you must be root)\nAre you sure that you may use the socket ${path}?`
      : `${messageOf(error)}\nAre you sure that uipvsd is running?`;
  return new CommandLineError(`Can't initialize ipvs: ${text}`, EXIT_USAGE, true);
}
