import { readFileSync } from 'node:fs';
import { messageOf } from '../../src/base/error.js';
import type { Lab } from '../lab/lab.js';
import type { Balancer } from './balancer.js';
import { inParallel } from './in-parallel.js';
import type { ScenarioResult } from './kernel-protocol.js';
import { observe } from './observe.js';
import { parseScenario, type Step } from './scenario.js';
import { Stage } from './stage.js';

/** About how long a step takes that does not wait, in milliseconds; it matters for the order only. */
const STEP_MS = 100;

/** The files with the longest stories first, so that none of those is left alone at the end. */
export function longestFirst(files: readonly string[]): string[] {
  const stories = files.map((file) => ({ file, durationMs: durationMs(stepsOf(file)) }));
  return stories.sort((one, other) => other.durationMs - one.durationMs).map(({ file }) => file);
}

/**
 * Observe the scenario files, `parallel` at a time, each on a stage that one after another uses; `report` gets every
 * result as soon as it is there.
 */
export async function observeFiles(
  files: readonly string[],
  parallel: number,
  start: (lab: Lab) => Promise<Balancer> | Balancer,
  report: (result: ScenarioResult) => void,
): Promise<void> {
  const free: Stage[] = [];
  await inParallel(longestFirst(files), parallel, async (file) => {
    try {
      const stage = free.pop() ?? (await Stage.create());
      try {
        report({ file, transcript: await observe(stepsOf(file), stage, start) });
        free.push(stage);
      } catch (thrown) {
        stage.close(); // nobody knows what it is like
        throw thrown;
      }
    } catch (thrown) {
      report({ file, failure: messageOf(thrown) });
    }
  });
  for (const stage of free) stage.close();
}

function stepsOf(file: string): Step[] {
  return parseScenario(readFileSync(file, 'utf8'), file);
}

function durationMs(steps: readonly Step[]): number {
  return steps.reduce((sum, step) => sum + (step.kind === 'sleep' ? step.delayMs : STEP_MS), 0);
}
