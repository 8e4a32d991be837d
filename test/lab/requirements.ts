import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync } from 'node:fs';
import path from 'node:path';
import { newLabId } from './namespace.js';

/** What every lab runs. */
const PROGRAMS = ['ip', 'ss', 'sysctl'];

/**
 * One sentence saying what this host lacks for a lab, or null when a lab can be made.
 * `programs` are those the caller needs besides, such as `nginx`. Fit for the `skip` of a test.
 */
export function requirements(programs: readonly string[] = []): string | null {
  if (process.platform !== 'linux') return `A lab needs Linux, and this is ${process.platform}.`;
  if (process.getuid?.() !== 0) return 'A lab needs root to make network namespaces.';
  const missing = [...PROGRAMS, ...programs].filter((program) => !isOnPath(program));
  if (missing.length > 0) return `A lab needs programs that are not installed: ${missing.join(', ')}.`;
  try {
    closeSync(openSync('/dev/net/tun', constants.O_RDWR));
  } catch {
    return 'A lab needs /dev/net/tun, which cannot be opened.';
  }
  return refusalOfNamespace();
}

/** Namespaces are refused in many containers even to root; only trying tells. */
function refusalOfNamespace(): string | null {
  const name = `${newLabId()}-probe`;
  const { status, stderr } = spawnSync('ip', ['netns', 'add', name], { encoding: 'utf8' });
  spawnSync('ip', ['netns', 'delete', name]);
  return status === 0 ? null : `A lab needs network namespaces, and making one failed: ${stderr.trim()}.`;
}

function isOnPath(program: string): boolean {
  return (process.env.PATH ?? '').split(path.delimiter).some((directory) => {
    try {
      accessSync(path.join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
