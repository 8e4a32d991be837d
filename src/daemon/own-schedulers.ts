/**
 * Theory of operation: schedulers of the user's own.
 *
 * Each is an ES module whose default export has the shape of ipvs/scheduler.ts, and runs in the daemon, with its rights:
 * so a file is refused that anybody could have written but root and the user who runs the daemon, be it by way of a
 * directory or a link. What it imports itself is its own affair. What it does wrong later is the guard's: see
 * ipvs/guarded-scheduler.ts.
 *
 * Modules are loaded before the daemon touches anything, all or none.
 */
import { realpathSync, statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { messageOf, UipvsError } from '../base/error.js';
import { type Exposure, exposureOf } from '../base/guarded-path.js';
import { NO_SCHEDULER } from '../ipvs/admission.js';
import type { Scheduler } from '../ipvs/scheduler.js';
import { BUILTIN_NAMES } from '../scheduling/registry.js';
import type { SchedulerFile } from './option-values.js';

/** Implementation. What all new connections of all services can wait for now and then. */
const TIME_LIMIT_MS = 100;
/** Implementation. A module that awaits something for longer is refused. */
const LOAD_LIMIT_MS = 5000;
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
  checkOwners(file);
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

function checkOwners(file: SchedulerFile): void {
  let isFile: boolean;
  let path: string;
  let exposure: Exposure | null;
  try {
    exposure = exposureOf(file.path);
    path = realpathSync(file.path);
    isFile = statSync(path).isFile();
  } catch (thrown) {
    throw new UipvsError('ENOENT', `scheduler ${described(file)} cannot be read: ${messageOf(thrown)}`);
  }
  // Both: Node.js goes by the name that the links lead to.
  if (![file.path, path].every((name) => name.endsWith('.mjs')))
    throw refusal(file, 'must be an ES module with a name that ends in .mjs');
  if (!isFile) throw refusal(file, 'must be a file');
  if (exposure === null) return;
  const sentence = `scheduler ${described(file)} could be anybody's: ${exposure.path} ${exposure.trouble}`;
  throw new UipvsError('EPERM', sentence);
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
