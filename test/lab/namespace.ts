import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { sharedMemory } from '../../src/daemon/memory-file-system.js';

/** Where iproute2 keeps the names of network namespaces. Source: ip-netns(8). */
const NETNS_DIRECTORY = '/run/netns';

/** First part of every name a lab makes; nothing without it is ever removed. */
const KIND = 'uipvslab';

const LAB_ID = new RegExp(`^(${KIND}-(\\d+)-(\\d+)-[0-9a-f]{6})(?:-|$)`);

/**
 * A lab id no other lab on this host has: kind, process id, start time of that process, random part.
 * The start time tells a dead owner from a younger process with the same id.
 */
export function newLabId(): string {
  return `${KIND}-${process.pid}-${startTicks(process.pid)}-${randomBytes(3).toString('hex')}`;
}

/** The directory for the files of a lab: in memory, as where daemons keep theirs usually is, if there is such a place. */
export function labDirectory(labId: string): string {
  return path.join(sharedMemory() ?? tmpdir(), labId);
}

/**
 * Kill every process in the lab's namespaces, remove the namespaces with all their devices, and remove its
 * directory. Synchronous, because it also runs while the process exits. Nothing left to remove is no error.
 */
export function removeLab(labId: string): void {
  for (const name of namesIn(NETNS_DIRECTORY).filter((entry) => entry.startsWith(`${labId}-`))) {
    for (const pid of processesIn(name)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it has just ended
      }
    }
    spawnSync('ip', ['netns', 'delete', name]);
  }
  rmSync(labDirectory(labId), { recursive: true, force: true });
}

/** Remove what dead processes left behind, and give back the ids of those labs. Labs of live processes stay. */
export function removeStale(): string[] {
  const stale = new Set<string>();
  for (const name of [...namesIn(NETNS_DIRECTORY), ...namesIn(path.dirname(labDirectory('x')))]) {
    const [, labId, pid, ticks] = LAB_ID.exec(name) ?? [];
    if (labId !== undefined && startTicks(Number(pid)) !== ticks) stale.add(labId);
  }
  for (const labId of stale) removeLab(labId);
  return [...stale];
}

/** Ids of the processes in a named namespace; empty when there is no such namespace. */
export function processesIn(namespace: string): number[] {
  const { stdout } = spawnSync('ip', ['netns', 'pids', namespace], { encoding: 'utf8' });
  return (stdout ?? '').split('\n').filter(Boolean).map(Number);
}

/** When a process started, in clock ticks since boot, or null when it is gone. Source: proc_pid_stat(5), field 22. */
function startTicks(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
