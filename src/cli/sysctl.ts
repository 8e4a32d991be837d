/** `--sysctl`, which is ours: the settings of net.ipv4.vs, named and printed as sysctl(8) does the kernel's. */
import type { Command } from './command.js';
import { usageError } from './command-line-error.js';

const PREFIX = 'net.ipv4.vs.';

/**
 * The command of `--sysctl WORD`: `NAME` reads, `NAME=VALUE` sets, undefined lists all. NAME may have net.ipv4.vs. or
 * net/ipv4/vs/ in front. Throws a usage error where there is no name.
 */
export function sysctlCommand(word: string | undefined): Command {
  if (word === undefined) return { kind: 'list-sysctls', name: undefined };
  const equals = word.indexOf('=');
  const written = (equals < 0 ? word : word.slice(0, equals)).trim();
  const name = written.replace(/^net([./])ipv4\1vs\1/, '');
  if (name === '') throw usageError(`Expected NAME or NAME=VALUE for --sysctl but received '${word}'`);
  if (equals < 0) return { kind: 'list-sysctls', name };
  return { kind: 'set-sysctl', name, value: word.slice(equals + 1).trim() };
}

/** One line, as sysctl(8) prints a setting of the kernel. */
export function formatSysctl(name: string, value: string): string {
  return `${PREFIX}${name} = ${value}\n`;
}
