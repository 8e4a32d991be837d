/** Which process, and is it still alive: a pid alone may have been given to another process since. */
import { readFile } from 'node:fs/promises';

export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks after boot at which the process started. Source: proc(5), /proc/PID/stat field 22. */
  readonly startTicks: string;
}

/** What a file says of a process; null where it says something else. */
export function parseIdentity(value: unknown): ProcessIdentity | null {
  const { pid, startTicks } = (value ?? {}) as { readonly [field: string]: unknown };
  const isPid = typeof pid === 'number' && Number.isInteger(pid) && pid > 0;
  return isPid && typeof startTicks === 'string' && /^\d{1,20}$/.test(startTicks)
    ? { pid, startTicks }
    : null;
}

/** Null when there is no such process, or only its zombie: that holds neither devices nor descriptors. */
async function startTicksOf(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    // The program's name, field 2, may hold spaces and parentheses; the last ')' ends it. Field 3 follows.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

export async function ownIdentity(): Promise<ProcessIdentity> {
  return { pid: process.pid, startTicks: (await startTicksOf(process.pid)) ?? '0' };
}

export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await startTicksOf(identity.pid)) === identity.startTicks;
}
