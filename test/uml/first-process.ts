/**
 * What every first process in user-mode Linux does: `init=NODE -- PROGRAM.js DIRECTORY`. Its root is the host's file
 * system, read-only; DIRECTORY (a path on the host) is the one place it can write to that outlives it. Nothing loads a
 * module on demand, because the host's /lib/modules is of another kernel.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { messageOf } from '../../src/base/error.js';

/** Where DIRECTORY is inside. */
export const SHARED = '/run/shared';
const SCRATCH = '/run/tmp';
const MODULE_ROOT = '/run/modules';

/** Where Debian's user-mode-linux keeps the modules; modprobe looks for `lib/modules` below a directory. */
const MODULES_OF_UML = '/usr/lib/uml/modules';

/** A `Plan` as JSON in DIRECTORY, written by the host. */
export const PLAN_FILE = 'plan.json';

export interface Plan {
  /** The variable PATH of the first process. */
  readonly path: string;
  /** The Node.js program. */
  readonly node: string;
}

/** Where Debian's packages have their programs. They come first: wrappers of one's own in front of them start slowly. */
const DEBIAN_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** What every plan has. */
export function planOfThisProcess(): Plan {
  return { path: `${DEBIAN_PATH}:${process.env.PATH ?? ''}`, node: process.execPath };
}

/** Makes the few mounts a lab needs, loads the modules, and gives back the plan. */
export function prepareMachine<Wanted extends Plan>(
  sharedOnHost: string,
  modules: readonly string[],
): Wanted {
  mount('proc', '/proc');
  mount('sysfs', '/sys');
  mount('tmpfs', '/run');
  for (const directory of [SHARED, SCRATCH, `${MODULE_ROOT}/lib`]) mkdirSync(directory, { recursive: true });
  mount('hostfs', SHARED, sharedOnHost);
  const plan = JSON.parse(readFileSync(path.join(SHARED, PLAN_FILE), 'utf8')) as Wanted;
  process.env.PATH = plan.path;
  process.execPath = plan.node; // without /proc it was taken for the kernel's own program
  process.env.TMPDIR = SCRATCH;
  symlinkSync(MODULES_OF_UML, `${MODULE_ROOT}/lib/modules`);
  execFileSync('modprobe', ['-d', MODULE_ROOT, '-a', ...modules], { stdio: 'pipe' });
  return plan;
}

/**
 * Does the work, and switches the machine off whatever comes of it. The first process must not end by itself: the kernel
 * would panic and the reason be lost.
 */
export async function untilPowerOff(
  work: () => Promise<void>,
  fail: (reason: string) => void,
): Promise<void> {
  setInterval(() => undefined, 1000);
  process.on('uncaughtException', (thrown) => {
    fail(thrown.stack ?? messageOf(thrown));
    powerOff();
  });
  try {
    await work();
  } catch (thrown) {
    fail(messageOf(thrown));
  } finally {
    powerOff();
  }
}

function mount(type: string, target: string, options?: string): void {
  const extra = options === undefined ? [] : ['-o', options];
  execFileSync('/bin/mount', ['-t', type, ...extra, 'none', target], { stdio: 'pipe' });
}

function powerOff(): void {
  writeFileSync('/proc/sysrq-trigger', 'o'); // Source: Linux Documentation/admin-guide/sysrq.rst
}
