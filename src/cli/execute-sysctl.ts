/** Carries out `--sysctl`. */
import type { RefusedError } from '../control/client.js';
import type { Command } from './command.js';
import { EXIT_OK, EXIT_REFUSED } from './command-line-error.js';
import type { Conversation } from './conversation.js';
import { type Outcome, outcome } from './outcome.js';
import { isRefusal, refusalText } from './refusal.js';
import { formatSysctl } from './sysctl.js';

export type SysctlCommand = Extract<Command, { kind: 'list-sysctls' | 'set-sysctl' }>;

/** Prints what was asked for or set. A refusal is printed too. Throws as Conversation.client does. */
export async function executeSysctl(command: SysctlCommand, conversation: Conversation): Promise<Outcome> {
  const client = await conversation.client();
  try {
    if (command.kind === 'set-sysctl') {
      const { name, value } = command;
      await client.request({ op: 'set-sysctl', name, value });
      conversation.output.out(formatSysctl(name, value));
      return outcome(EXIT_OK);
    }
    const all = await client.request({ op: 'sysctls' });
    const wanted = all.filter(({ name }) => command.name === undefined || name === command.name);
    conversation.output.out(wanted.map(({ name, value }) => formatSysctl(name, value)).join(''));
    if (wanted.length > 0) return outcome(EXIT_OK);
    conversation.output.err(`${noSysctl(command.name ?? '')}\n`);
  } catch (error) {
    if (!isRefusal(error)) throw error;
    conversation.output.err(`${sysctlRefusalText(error, command)}\n`);
  }
  return outcome(EXIT_REFUSED);
}

/** The daemon's words, or ours for what the kernel would have refused. */
function sysctlRefusalText(refusal: RefusedError, command: SysctlCommand): string {
  if (refusal.detail === undefined && command.kind === 'set-sysctl') {
    if (refusal.code === 'ENOENT') return noSysctl(command.name);
    if (refusal.code === 'EINVAL') return `net.ipv4.vs.${command.name} cannot be '${command.value}'`;
  }
  return refusalText(refusal);
}

function noSysctl(name: string): string {
  return `There is no sysctl net.ipv4.vs.${name}`;
}
