/** A uipvsd that a service manager keeps descriptors for and starts again, see service_manager.py. */
import path from 'node:path';
import { until } from '../../lab/poll.js';
import type { UipvsOptions } from '../../lab/uipvs-process.js';
import { pythonProgram } from './program.js';
import type { Scene } from './scene.js';

const PATIENCE_MS = 10_000;

/** `directory`: of the manager's socket. */
export function underServiceManager(directory: string, options: UipvsOptions = {}): UipvsOptions {
  const words = ['python3', pythonProgram('service_manager.py'), path.join(directory, 'notify.sock')];
  return { ...options, prefix: words };
}

interface Line {
  readonly started?: number;
  readonly stored?: string;
  readonly removed?: string;
  readonly count?: number;
}

/** What the manager of the scene's daemon has said so far. */
export function managerSays(scene: Scene): readonly Line[] {
  const lines = scene.uipvs.log.split('\n').filter((line) => /^{"(started|stored|removed)"/.test(line));
  return lines.map((line) => JSON.parse(line) as Line);
}

/** How many descriptors it keeps, by name. */
export function keptDescriptors(scene: Scene): Readonly<Record<string, number>> {
  const kept: Record<string, number> = {};
  for (const { stored, removed, count } of managerSays(scene)) {
    if (stored !== undefined) kept[stored] = count ?? 0;
    if (removed !== undefined) delete kept[removed];
  }
  return kept;
}

/** Kills the daemon, not its manager, and waits until the next one answers. */
export async function killManaged(scene: Scene): Promise<void> {
  const starts = (): readonly number[] => managerSays(scene).flatMap(({ started }) => started ?? []);
  const before = starts();
  const readyBefore = scene.uipvs.log.split('"ready"').length;
  process.kill(before.at(-1) ?? 0, 'SIGKILL');
  await until('the next daemon to be started', PATIENCE_MS, () => starts().length > before.length);
  const isReady = (): boolean => scene.uipvs.log.split('"ready"').length > readyBefore;
  await until('the next daemon to be ready', PATIENCE_MS, isReady);
  await scene.uipvs.answers();
}
