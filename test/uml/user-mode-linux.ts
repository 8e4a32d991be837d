/** Boots Linux as a process (user-mode Linux), with a program of ours as its first process. */
import { mkdirSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { setPriority } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UipvsError } from '../../src/base/error.js';
import { Child } from '../lab/child.js';
import { requirements } from '../lab/requirements.js';

/** Where user-mode Linux takes that memory from, as it is used. */
const MEMORY_DIRECTORY = '/dev/shm';

/** Lines of kernel messages that are given as a reason, from the panic back. */
const MESSAGES_SHOWN = 6;

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export interface Machine {
  /** The first process: a built file of this project that begins with `prepareMachine`. */
  readonly init: string;
  readonly memoryMib: number;
  /**
   * Whether it keeps to one processor of the host. It has one itself, and its processes are traced by its kernel: control
   * passes from one to the other at once, and where the host is busy that is several times as fast.
   */
  readonly isPinned?: boolean;
}

/**
 * One sentence saying what this host lacks for so many of such machines, or null when they can be booted. `programs` are
 * those that are needed besides.
 */
export function machineRequirements(
  count: number,
  memoryMib: number,
  programs: readonly string[] = [],
): string | null {
  const missing = requirements(['linux.uml', 'modprobe', ...programs]);
  if (missing !== null) return missing;
  const { bavail, bsize } = statfsSync(MEMORY_DIRECTORY);
  const freeMib = Math.floor((bavail * bsize) / 2 ** 20);
  const neededMib = count * memoryMib;
  if (freeMib >= neededMib) return null;
  return `User-mode Linux needs ${neededMib} MiB in ${MEMORY_DIRECTORY}, which has ${freeMib} MiB left.`;
}

/**
 * Boot user-mode Linux, wait until it is off, and give back the last things its kernel said. `shared` is the directory on
 * this host that it may write to; a signal that ends this process ends the machine and removes that directory. Throws
 * EBUSY when it runs longer than `limitMs`.
 */
export async function bootUserModeLinux(machine: Machine, shared: string, limitMs: number): Promise<string> {
  const child = new Child(commandLine(machine, shared), 'user-mode Linux');
  const onExit = (): void => child.signal('SIGKILL');
  const onSignal = (signal: NodeJS.Signals): void => {
    onExit();
    rmSync(shared, { recursive: true, force: true });
    for (const name of ENDING_SIGNALS) process.off(name, onSignal);
    process.kill(process.pid, signal); // now without this listener: end as the signal says
  };
  process.on('exit', onExit);
  for (const name of ENDING_SIGNALS) process.on(name, onSignal);
  const { UIPVS_TEST_NICENESS: niceness } = process.env;
  if (machine.isPinned && niceness !== undefined) setPriority(child.pid, Number(niceness));
  const patience = new AbortController();
  try {
    const late = delay(limitMs, null, { signal: patience.signal }).catch(() => null);
    const exit = await Promise.race([child.exited, late]);
    const said = lastMessages(child.log);
    if (exit !== null) return said;
    throw new UipvsError('EBUSY', `Expected user-mode Linux to end within ${limitMs} ms; it said: ${said}`);
  } finally {
    patience.abort();
    onExit();
    process.off('exit', onExit);
    for (const name of ENDING_SIGNALS) process.off(name, onSignal);
  }
}

function commandLine({ init, memoryMib, isPinned }: Machine, shared: string): string[] {
  const sockets = path.join(shared, 'uml');
  mkdirSync(sockets, { recursive: true });
  return [
    ...(isPinned ? ['taskset', '--cpu-list', lastProcessor()] : []),
    'linux.uml',
    `mem=${memoryMib}M`,
    `uml_dir=${sockets}`,
    'rootfstype=hostfs',
    'root=/dev/root',
    'ro',
    `init=${process.execPath}`,
    'con=null',
    'con0=fd:0,fd:1',
    'quiet',
    '--',
    init,
    shared,
  ];
}

/** The number of the last of the processors that this process may use. */
function lastProcessor(): string {
  const status = readFileSync('/proc/self/status', 'utf8');
  return /^Cpus_allowed_list:.*?(\d+)$/m.exec(status)?.[1] ?? '0';
}

/** The end of the messages, without the stack dump that follows a panic. */
function lastMessages(log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const panic = lines.findIndex((line) => line.includes('Kernel panic'));
  const end = panic === -1 ? lines.length : panic + 1;
  return lines.slice(Math.max(0, end - MESSAGES_SHOWN), end).join('\n') || 'nothing';
}
