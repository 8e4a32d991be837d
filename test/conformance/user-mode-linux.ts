import { mkdirSync, rmSync, statfsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { UipvsError } from '../../src/base/error.js';
import { Child } from '../lab/child.js';
import { requirements } from '../lab/requirements.js';

const INIT = fileURLToPath(new URL('./kernel-init.js', import.meta.url));

const PROGRAMS = ['linux.uml', 'ipvsadm', 'modprobe'];

/** How many such machines run at a time. */
export const KERNELS = 2;

/** Memory of each: two labs with five Node processes each take about 160 MiB of it. */
const MEMORY_MIB = 384;

/** Where user-mode Linux takes that memory from, as it is used. */
const MEMORY_DIRECTORY = '/dev/shm';

/** Lines of kernel messages that are given as a reason, from the panic back. */
const MESSAGES_SHOWN = 6;

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** One sentence saying what this host lacks for the reference kernel, or null when it can be booted. */
export function kernelRequirements(): string | null {
  const missing = requirements(PROGRAMS);
  if (missing !== null) return missing;
  const { bavail, bsize } = statfsSync(MEMORY_DIRECTORY);
  const freeMib = Math.floor((bavail * bsize) / 2 ** 20);
  const neededMib = KERNELS * MEMORY_MIB;
  if (freeMib >= neededMib) return null;
  return `The reference kernel needs ${neededMib} MiB in ${MEMORY_DIRECTORY}, which has ${freeMib} MiB left.`;
}

/**
 * Boot user-mode Linux with kernel-init.ts as its first process, wait until it is off, and give back the last
 * things its kernel said. `shared` is the directory on this host that it may write to; a signal that ends this
 * process ends the machine and removes that directory. Throws EBUSY when it runs longer than `limitMs`.
 */
export async function bootUserModeLinux(shared: string, limitMs: number): Promise<string> {
  const machine = new Child(commandLine(shared), 'user-mode Linux');
  const onExit = (): void => machine.signal('SIGKILL');
  const onSignal = (signal: NodeJS.Signals): void => {
    onExit();
    rmSync(shared, { recursive: true, force: true });
    for (const name of ENDING_SIGNALS) process.off(name, onSignal);
    process.kill(process.pid, signal); // now without this listener: end as the signal says
  };
  process.on('exit', onExit);
  for (const name of ENDING_SIGNALS) process.on(name, onSignal);
  const patience = new AbortController();
  try {
    const late = delay(limitMs, null, { signal: patience.signal }).catch(() => null);
    const exit = await Promise.race([machine.exited, late]);
    const said = lastMessages(machine.log);
    if (exit !== null) return said;
    throw new UipvsError(
      'EBUSY',
      `Expected the reference kernel to end within ${limitMs} ms; it said: ${said}`,
    );
  } finally {
    patience.abort();
    onExit();
    process.off('exit', onExit);
    for (const name of ENDING_SIGNALS) process.off(name, onSignal);
  }
}

function commandLine(shared: string): string[] {
  const sockets = path.join(shared, 'uml');
  mkdirSync(sockets, { recursive: true });
  return [
    'linux.uml',
    `mem=${MEMORY_MIB}M`,
    `uml_dir=${sockets}`,
    'rootfstype=hostfs',
    'root=/dev/root',
    'ro',
    `init=${process.execPath}`,
    'con=null',
    'con0=fd:0,fd:1',
    'quiet',
    '--',
    INIT,
    shared,
  ];
}

/** The end of the messages, without the stack dump that follows a panic. */
function lastMessages(log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const panic = lines.findIndex((line) => line.includes('Kernel panic'));
  const end = panic === -1 ? lines.length : panic + 1;
  return lines.slice(Math.max(0, end - MESSAGES_SHOWN), end).join('\n') || 'nothing';
}
