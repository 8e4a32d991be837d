/**
 * One or more random stories (random-scenario.ts) on both sides:
 *
 *   node random.js [--seed N] [--count N] [--steps N] [--print] [--shrink]
 *
 * Without --seed one is drawn and said. --count tells the stories of so many seeds from there on, --print only prints
 * one, fit for a file and run.js. Where the sides differ: the seed, the step, and both transcripts up to it; with
 * --shrink then the shortest story found that still makes a difference. Exits 0 when all are the same, 1 on a
 * difference or failure, 2 on a wrong command line.
 */
import { parseArgs } from 'node:util';
import { messageOf, UipvsError } from '../../src/base/error.js';
import type { ScenarioResult } from './kernel-protocol.js';
import { randomScenario } from './random-scenario.js';
import { shrink } from './shrink.js';
import { withStoryFiles } from './story-files.js';
import { BOTH_SIDES, judge, observeSides, sidesRequirements } from './two-sides.js';

interface Options {
  readonly seed: number;
  readonly count: number;
  readonly steps: number;
  readonly isPrinting: boolean;
  readonly isShrinking: boolean;
}

const DEFAULT_STEPS = 200;
const MAX_SEED = 1_000_000;

/** Steps of a transcript that are shown before the one that differs. */
const STEPS_SHOWN = 25;

/** Tell every story, all of them side by side, and give back the results of each. */
function tell(stories: readonly (readonly string[])[]): Promise<readonly (readonly ScenarioResult[])[]> {
  const named = stories.map((lines, index) => ({ name: `${index}`, lines }));
  return withStoryFiles(named, (files) => observeSides(files, BOTH_SIDES));
}

async function run({ seed, count, steps, isShrinking }: Options): Promise<number> {
  const missing = sidesRequirements(BOTH_SIDES);
  if (missing !== null) throw new UipvsError('ENOENT', missing);
  const seeds = Array.from({ length: count }, (_, index) => seed + index);
  const stories = seeds.map((each) => randomScenario(each, steps));
  const results = await tell(stories);
  let isGood = true;
  for (const [index, each] of seeds.entries()) {
    const [story = [], told = []] = [stories[index], results[index]];
    const isSame = report(each, story, told);
    isGood &&= isSame;
    if (isSame || !isShrinking) continue;
    const shortest = await shrink(story, async (candidates) =>
      (await tell(candidates)).map((both) => judge(both).kind === 'differs'),
    );
    console.log(`seed ${each} in short:\n${shortest.join('\n')}`);
  }
  return isGood ? 0 : 1;
}

/** Print how the story of a seed went; gives back whether it went the same on both sides. */
function report(seed: number, story: readonly string[], results: readonly ScenarioResult[]): boolean {
  const verdict = judge(results);
  if (verdict.kind === 'same') {
    console.log(`seed ${seed}: the same (${story.length} steps)`);
    return true;
  }
  if (verdict.kind !== 'differs') {
    console.log(`seed ${seed}: failed\n${verdict.text}`);
    return false;
  }
  const { step } = verdict;
  console.log(`seed ${seed}: differs at step ${step + 1}: ${story[step]}`);
  for (const [index, side] of ['kernel', 'uipvs'].entries()) {
    const result = results[index];
    const transcript = result !== undefined && 'transcript' in result ? result.transcript : [];
    const shown = story.slice(Math.max(0, step - STEPS_SHOWN), step + 1);
    const texts = shown.map(
      (line, offset) => `${line}\n${transcript[step - shown.length + 1 + offset] ?? ''}`,
    );
    console.log(`--- ${side}\n${texts.join('')}`);
  }
  console.log(verdict.text);
  return false;
}

function parseCommandLine(): Options {
  const string = { type: 'string' } as const;
  const flag = { type: 'boolean', default: false } as const;
  const { values } = parseArgs({
    options: { seed: string, count: string, steps: string, print: flag, shrink: flag },
  });
  const whole = (name: 'seed' | 'count' | 'steps', byDefault: number): number => {
    const text = values[name] ?? `${byDefault}`;
    if (/^\d{1,9}$/.test(text)) return Number(text);
    throw new UipvsError('EINVAL', `Expected a whole number for --${name} but received '${text}'`);
  };
  return {
    seed: whole('seed', Math.floor(Math.random() * MAX_SEED)),
    count: whole('count', 1),
    steps: whole('steps', DEFAULT_STEPS),
    isPrinting: values.print,
    isShrinking: values.shrink,
  };
}

async function main(): Promise<number> {
  let options: Options;
  try {
    options = parseCommandLine();
  } catch (thrown) {
    console.error(`random: ${messageOf(thrown)}`);
    return 2;
  }
  if (options.isPrinting) {
    console.log(randomScenario(options.seed, options.steps).join('\n'));
    return 0;
  }
  try {
    return await run(options);
  } catch (thrown) {
    console.error(`random: ${messageOf(thrown)}`);
    return 1;
  }
}

// Not only the exit code: after a failure on one side nobody waits for the other. Labs end with the process.
process.exit(await main());
