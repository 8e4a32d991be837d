/**
 * Theory of operation: schedulers of the user's own.
 *
 * Each is an ES module whose default export has the shape of ipvs/scheduler.ts, and runs in the daemon, with its rights:
 * so a file is refused that anybody could have written but root and the user who runs the daemon, be it by way of a
 * directory. What it imports itself is its own affair. What it does wrong later is the guard's: see
 * ipvs/guarded-scheduler.ts.
 *
 * Modules are loaded before the daemon touches anything, all or none.
 */
import type { Stats } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, UipvsError } from '../base/error.js';
import { NO_SCHEDULER } from '../ipvs/admission.js';
import type { Scheduler } from '../ipvs/scheduler.js';
import { BUILTIN_NAMES } from '../scheduling/registry.js';
import type { SchedulerFile } from './options.js';

/** Implementation. What all new connections of all services can wait for now and then. */
const TIME_LIMIT_MS = 100;
/** Implementation. A module that awaits something for longer is refused. */
const LOAD_LIMIT_MS = 5000;
const ROOT = 0;
const WRITABLE_BY_OTHERS = 0o022;
/** In such a directory nobody can replace the file of another. */
const RESTRICTED_DELETION = 0o1000;
const HOOKS = ['init', 'destinationAdded', 'destinationRemoved', 'destinationEdited'] as const;

/**
 * Loads them all.
 *
 * @returns them by name
 * @throws UipvsError in one sentence that names the file: EEXIST, a name that is taken; ENOENT, EPERM, EINVAL
 */
export async function loadOwnSchedulers(
  files: readonly SchedulerFile[],
): Promise<ReadonlyMap<string, Scheduler>> {
  const loaded = new Map<string, Scheduler>();
  for (const file of files) {
    if (BUILTIN_NAMES.has(file.name) || file.name === NO_SCHEDULER) {
      throw new UipvsError(
        'EEXIST',
        `scheduler ${described(file)} has the name of one that uipvs brings along`,
      );
    }
    loaded.set(file.name, await load(file));
  }
  return loaded;
}

async function load(file: SchedulerFile): Promise<Scheduler> {
  await checkOwners(file);
  let module: { readonly default?: unknown };
  try {
    module = await withinTime(import(pathToFileURL(file.path).href));
  } catch (thrown) {
    throw new UipvsError('EINVAL', `scheduler ${described(file)} does not load: ${wordsOf(thrown)}`);
  }
  return adapt(file, module.default);
}

/** What it says now holds: what it later does to its own object is not looked at. */
function adapt(file: SchedulerFile, value: unknown): Scheduler {
  if (typeof value !== 'object' || value === null) {
    throw refusal(file, 'must export a scheduler as its default: an object with a function schedule');
  }
  const own = value as Partial<Scheduler>;
  if (typeof own.schedule !== 'function') throw refusal(file, 'must have a function schedule');
  for (const hook of HOOKS) {
    if (own[hook] !== undefined && typeof own[hook] !== 'function')
      throw refusal(file, `must have no ${hook}, or a function`);
  }
  if (own.name !== undefined && own.name !== file.name)
    throw refusal(file, `calls itself '${String(own.name)}'`);
  const scheduler: Scheduler = {
    name: file.name,
    timeLimitMs: TIME_LIMIT_MS,
    mayChooseOverloaded: own.mayChooseOverloaded === true,
    schedule: own.schedule.bind(own),
  };
  for (const hook of HOOKS) {
    const its = own[hook];
    if (its !== undefined) Object.assign(scheduler, { [hook]: its.bind(own) });
  }
  return scheduler;
}

async function checkOwners(file: SchedulerFile): Promise<void> {
  if (!file.path.endsWith('.mjs')) throw refusal(file, 'must be an ES module with a name that ends in .mjs');
  let path: string;
  try {
    path = await realpath(file.path);
  } catch (thrown) {
    throw new UipvsError('ENOENT', `scheduler ${described(file)} cannot be read: ${messageOf(thrown)}`);
  }
  const found = await stat(path);
  if (!found.isFile()) throw refusal(file, 'must be a file');
  checkOwner(file, path, found, false);
  for (let at = dirname(path); ; at = dirname(at)) {
    checkOwner(file, at, await stat(at), true);
    if (at === dirname(at)) break;
  }
}

function checkOwner(file: SchedulerFile, path: string, { uid, mode }: Stats, isDirectory: boolean): void {
  const isOurs = uid === ROOT || uid === process.geteuid?.();
  const isGuarded = isDirectory && (mode & RESTRICTED_DELETION) !== 0;
  const isOpen = (mode & WRITABLE_BY_OTHERS) !== 0 && !isGuarded;
  if (isOurs && !isOpen) return;
  const trouble = isOurs ? 'is writable by others' : 'belongs to another user';
  throw new UipvsError('EPERM', `scheduler ${described(file)} could be anybody's: ${path} ${trouble}`);
}

async function withinTime<Result>(task: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it takes more than ${LOAD_LIMIT_MS} ms`)), LOAD_LIMIT_MS);
  });
  try {
    return await Promise.race([task, late]);
  } finally {
    clearTimeout(timer);
  }
}

function refusal(file: SchedulerFile, what: string): UipvsError {
  return new UipvsError('EINVAL', `scheduler ${described(file)} ${what}`);
}

function described({ name, path }: SchedulerFile): string {
  return `${name} in ${path}`;
}

/** Of anything that a module may throw. */
function wordsOf(thrown: unknown): string {
  try {
    return messageOf(thrown);
  } catch {
    return 'it throws something without words';
  }
}
