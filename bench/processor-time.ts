import { readdirSync, readFileSync, statSync } from 'node:fs';

/** Clock ticks a second in /proc. Source: USER_HZ, 100 on every architecture that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/** Processor time since boot of the whole machine, all processors together, in seconds. Source: proc_stat(5). */
export function machineSeconds(): { readonly busy: number; readonly idle: number } {
  const [line = ''] = readFileSync('/proc/stat', 'latin1').split('\n');
  const [user = 0, nice = 0, system = 0, idle = 0, ioWait = 0, irq = 0, softIrq = 0] = line
    .split(/\s+/)
    .slice(1)
    .map((ticks) => Number(ticks) / TICKS_PER_SECOND);
  return { busy: user + nice + system + irq + softIrq, idle: idle + ioWait };
}

/** Processor time these processes have used themselves, in seconds; those that are gone count nothing. */
export function processSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + (readStat(`${pid}`)?.ownSeconds ?? 0), 0);
}

/** Processor time of those threads of these processes whose name starts with `prefix`, in seconds. */
export function threadSeconds(pids: readonly number[], prefix: string): number {
  return pids
    .flatMap((pid) => namesIn(`/proc/${pid}/task`).map((thread) => `${pid}/task/${thread}`))
    .filter((thread) => readProc(`${thread}/comm`)?.startsWith(prefix) === true)
    .reduce((sum, thread) => sum + (readStat(thread)?.ownSeconds ?? 0), 0);
}

/** Resident memory of a process as it is now, in bytes. */
export interface ResidentBytes {
  readonly all: number;
  /** Of that, what it maps shared, in memory or in a file: not its program and not its heaps. */
  readonly shared: number;
}

/** Nothing but zeros when the process is gone. Source: proc_pid_smaps(5). */
export function residentBytes(pid: number): ResidentBytes {
  let [all, shared] = [0, 0];
  let isShared = false;
  for (const line of (readProc(`${pid}/smaps`) ?? '').split('\n')) {
    const [, permissions, kilobytes] = /^[0-9a-f]+-[0-9a-f]+ (\S{4}) |^Rss:\s*(\d+) kB/.exec(line) ?? [];
    if (permissions !== undefined) isShared = permissions.endsWith('s');
    if (kilobytes === undefined) continue;
    all += 1024 * Number(kilobytes);
    if (isShared) shared += 1024 * Number(kilobytes);
  }
  return { all, shared };
}

/** Largest resident memory these processes ever had, added up, in kilobytes; null without processes. */
export function peakKilobytes(pids: readonly number[]): number | null {
  const peaks = pids.flatMap((pid) => {
    const kilobytes = /^VmHWM:\s*(\d+) kB/m.exec(readProc(`${pid}/status`) ?? '')?.[1];
    return kilobytes === undefined ? [] : [Number(kilobytes)];
  });
  return peaks.length === 0 ? null : peaks.reduce((sum, peak) => sum + peak, 0);
}

/**
 * Processor time since boot of all processes that are neither this one nor in the given network namespaces nor
 * kernel threads, with their ended children, in seconds. Its growth is what neighbours took from a measurement.
 */
export function neighbourSeconds(namespaces: readonly string[]): number {
  const ours = new Set(namespaces.map((name) => inode(`/run/netns/${name}`)));
  let seconds = 0;
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    const stat = readStat(`${pid}`);
    if (stat === null || stat.isKernelThread || pid === process.pid) continue;
    if (!ours.has(inode(`/proc/${pid}/ns/net`))) seconds += stat.ownSeconds + stat.childSeconds;
  }
  return seconds;
}

interface ProcessStat {
  readonly isKernelThread: boolean;
  readonly ownSeconds: number;
  readonly childSeconds: number;
}

/** Of a process or, as `PID/task/TID`, a thread. Source: proc_pid_stat(5); the fields after the name in parentheses start with number 3. */
function readStat(task: string): ProcessStat | null {
  const text = readProc(`${task}/stat`);
  if (text === null) return null;
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    isKernelThread: task === '2' || field(4) === 2,
    ownSeconds: (field(14) + field(15)) / TICKS_PER_SECOND,
    childSeconds: (field(16) + field(17)) / TICKS_PER_SECOND,
  };
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // the process has ended
  }
}

function readProc(path: string): string | null {
  try {
    return readFileSync(`/proc/${path}`, 'latin1');
  } catch {
    return null; // the process has ended
  }
}

function inode(path: string): number | null {
  try {
    return statSync(path).ino;
  } catch {
    return null;
  }
}
