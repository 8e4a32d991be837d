/**
 * From the words of a command line to a {@link Command}, or to the message that ipvsadm would give.
 *
 * The order of the checks is part of what is mirrored, as it decides which of several mistakes is named: every
 * option's value as it comes; then a word that is no option; leftover words; scheduler flags; the table of legal
 * options; the combinations of values; last what uipvs itself cannot do.
 */
import type { Timeouts } from '../ipvs/listing.js';
import { assemble, listing } from './assemble.js';
import type { Command, SyncRole } from './command.js';
import { CommandLineError, EXIT_REFUSED, usageError } from './command-line-error.js';
import { Draft } from './draft.js';
import type { NameSources } from './host-address.js';
import { type CommandName, checkOptions } from './legality.js';
import { parseTimeout } from './number.js';
import { type CommandOption, LINE_OPTIONS, PROGRAM_OPTIONS } from './options.js';
import { OptionTable, PoptError, PoptReader } from './popt.js';
import { parseSchedulerFlags } from './scheduler-flag.js';

const DEFAULT_SCHEDULER = 'wlc';

const LINE_TABLE = new OptionTable(LINE_OPTIONS);
const PROGRAM_TABLE = new OptionTable(PROGRAM_OPTIONS);

/** Zeros keep what is set. */
const KEEP_TIMEOUTS: Timeouts = { tcp: 0, tcpFin: 0, udp: 0 };

export interface ParseContext extends NameSources {
  /** The program's name in messages. */
  readonly program: string;
  /** Whether the words are a line of `-R`: then our own options are those that -S saves, and `-R` itself is refused. */
  readonly isRestoredLine: boolean;
}

export interface ParsedCommandLine {
  readonly command: Command;
  /** The value of `--socket`, where given. */
  readonly socket: string | undefined;
}

/** Parses the words after the program's name. Throws {@link CommandLineError} or UnresolvedHost, nothing else. */
export function parseCommandLine(words: readonly string[], context: ParseContext): ParsedCommandLine {
  const reader = new PoptReader(context.isRestoredLine ? LINE_TABLE : PROGRAM_TABLE, words);
  const draft = new Draft(context);
  const first = readFirst(reader, draft, context);
  if (first === undefined) return { command: listing(draft), socket: draft.socket };
  if (first === 'help' || first === 'version' || first === 'uipvs-help') {
    return { command: { kind: first }, socket: draft.socket };
  }
  readRest(reader, draft);
  const timeouts = first === 'set' ? readTimeouts(reader) : KEEP_TIMEOUTS;
  const leftover = reader.nextPlainWord();
  if (leftover !== undefined) throw usageError(`unexpected argument ${leftover}`);
  const isService = first === 'add-service' || first === 'edit-service';
  if (isService && draft.scheduler === '') draft.scheduler = DEFAULT_SCHEDULER;
  const flags =
    draft.schedulerFlags === undefined ? 0 : parseSchedulerFlags(draft.scheduler, draft.schedulerFlags);
  checkOptions(commandName(first), draft.given);
  if (first === 'restore' && context.isRestoredLine) throw tryHelp(context.program);
  const command: Command =
    first === 'set'
      ? { kind: 'change', request: { op: 'set-timeouts', timeouts } }
      : assemble(first, draft, flags);
  return { command, socket: draft.socket };
}

function tryHelp(program: string): CommandLineError {
  const text = `Try \`${program} -h' or '${program} --help' for more information.`;
  return new CommandLineError(text, EXIT_REFUSED, true);
}

type Reader = PoptReader<Parameters<Draft['take']>[0]>;

/** The command, the first option but for `--socket`; undefined where there is none at all. */
function readFirst(reader: Reader, draft: Draft, context: ParseContext): CommandOption | undefined {
  try {
    let option = reader.next();
    while (option?.id === 'socket') {
      draft.take(option.id, option.value);
      option = reader.next();
    }
    if (option === undefined && reader.nextPlainWord() === undefined && !context.isRestoredLine) {
      // Nothing at all, not even a lone --, lists the table.
      if (reader.lastWord !== '--') return undefined;
    }
    if (option === undefined || !isCommand(option.id)) throw tryHelp(context.program);
    if (option.id === 'start-daemon' || option.id === 'stop-daemon')
      draft.role = parseRole(option.id, option.value);
    if (option.id === 'sysctl') draft.sysctl = option.value;
    return option.id;
  } catch (error) {
    throw error instanceof PoptError ? tryHelp(context.program) : error;
  }
}

function readRest(reader: Reader, draft: Draft): void {
  try {
    for (let option = reader.next(); option !== undefined; option = reader.next()) {
      if (option.id === 'masquerade') {
        draft.takeMasquerade(option.value ?? '', option.value === 'except' ? reader.takeWord() : undefined);
      } else if (!draft.take(option.id, option.value)) {
        throw usageError(`invalid option \`${reader.lastWord}'`);
      }
    }
  } catch (error) {
    if (error instanceof PoptError) throw new CommandLineError(error.message, EXIT_REFUSED, false);
    throw error;
  }
}

function readTimeouts(reader: Reader): Timeouts {
  const [tcp, tcpFin, udp] = [reader.nextPlainWord(), reader.nextPlainWord(), reader.nextPlainWord()];
  if (tcp === undefined || tcpFin === undefined || udp === undefined) {
    throw usageError('--set option requires 3 timeout values');
  }
  return { tcp: parseTimeout(tcp), tcpFin: parseTimeout(tcpFin), udp: parseTimeout(udp) };
}

const COMMANDS: ReadonlySet<string> = new Set<CommandOption>([
  'add-service',
  'edit-service',
  'delete-service',
  'clear',
  'add-server',
  'edit-server',
  'delete-server',
  'list',
  'zero',
  'set',
  'start-daemon',
  'stop-daemon',
  'restore',
  'save',
  'help',
  'version',
  'uipvs-help',
  'sysctl',
  'drops',
]);

function isCommand(id: string): id is CommandOption {
  return COMMANDS.has(id);
}

function commandName(option: Exclude<CommandOption, 'help' | 'version' | 'uipvs-help'>): CommandName {
  return option === 'clear' ? 'flush' : option;
}

function parseRole(command: 'start-daemon' | 'stop-daemon', text: string | undefined): SyncRole {
  if (text === 'master' || text === 'backup') return text;
  throw usageError(
    command === 'start-daemon'
      ? 'illegal start-daemon parameter specified'
      : 'illegal start_daemon specified',
  );
}
