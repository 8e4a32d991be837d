/**
 * Theory of operation: uipvs is right when nobody can tell it from the kernel. So a scenario, a story of commands and
 * connections in a text file, is told twice, and what an observer saw is compared byte for byte.
 *
 *                 scenarios/rr.txt
 *                /                \
 *   reference kernel               this host
 *   user-mode Linux, ip_vs         uipvsd in the director's namespace
 *   ipvsadm                        uipvsadm
 *                \                /
 *            transcript == transcript ?
 *
 * Both run the same code on the same lab (observe.ts, ../lab): inside user-mode Linux, Node is the first process
 * and the root file system is the host's, read-only. What differs is one `Balancer` each. Every scenario has a director
 * of its own, so that no service, connection, counter or setting is left of the one before, and sockets that are; the
 * rest of a lab serves several (stage.ts), and one boot all of them. Nothing the kernel said is kept between runs: the
 * reference is asked every time. The two sides run side by side. Where the two are meant to differ, which the README
 * lists, scenarios do not go.
 *
 * To the scenarios that people wrote come a few that seeds tell (random-scenario.ts); random.ts tells more of those.
 *
 *   node run.js [--kernel-only | --uipvs-only] [--io tun|packet|both] [scenario files...]
 *
 * Without files: all of scenarios/ and the seeds. With one of the first options the transcripts of that side are printed
 * instead of compared. --io says how packets come to uipvs (default both: one after the other, against one kernel). Exits 0 when everything is the same, 1 on any difference, failure or missing prerequisite, 2 on a wrong
 * command line.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf, UipvsError } from '../../src/base/error.js';
import type { ScenarioResult } from './kernel-protocol.js';
import { randomScenario } from './random-scenario.js';
import { parseScenario } from './scenario.js';
import { withStoryFiles } from './story-files.js';
import { type Device, judge, observeSides, type Sides, sidesRequirements } from './two-sides.js';

/** Scenarios are data: they stay in the source tree, which is beside `dist`. */
const SCENARIOS = fileURLToPath(new URL('../../../test/conformance/scenarios/', import.meta.url));

/** These random stories are told every time; any would do. */
const SEEDS = [1, 2, 3];
const RANDOM_STEPS = 120;

const DEVICES: Readonly<Record<string, readonly Device[]>> = {
  tun: ['tun'],
  packet: ['packet'],
  both: ['tun', 'packet'],
};

/** Tell the files on the sides asked for; gives back the exit status. */
async function run(files: readonly string[], sides: Sides): Promise<number> {
  const missing = sidesRequirements(sides);
  if (missing !== null) throw new UipvsError('ENOENT', missing);
  for (const file of files) parseScenario(readFileSync(file, 'utf8'), file); // a typing error costs no boot
  const differed = await tell(files, sides);
  // Beside others a packet may come later than the next one was sent: what differs then must be the same alone.
  if (differed.length > 0)
    console.log(`\n-- once more, alone: ${differed.map((file) => path.basename(file, '.txt')).join(' ')} --`);
  const failed = differed.length > 0 ? await tell(differed, sides, 1) : [];
  console.log(`${files.length - failed.length} passed, ${failed.length} failed`);
  return failed.length === 0 ? 0 : 1;
}

/** Tells the files, prints a verdict on each, and gives back those that are not good. */
async function tell(files: readonly string[], sides: Sides, parallel?: number): Promise<readonly string[]> {
  const results = await observeSides(files, sides, parallel);
  return files.filter((file, index) => !print(path.basename(file, '.txt'), results[index] ?? []));
}

/** Print the verdict on one scenario, and give back whether it is a good one. */
function print(name: string, results: readonly ScenarioResult[]): boolean {
  const verdict = judge(results);
  const word = { failed: 'FAILED ', seen: 'saw    ', same: 'same   ', differs: 'DIFFERS' }[verdict.kind];
  console.log(`${word} ${name}${verdict.kind === 'same' ? '' : `\n${indent(verdict.text)}`}`);
  return verdict.kind === 'same' || verdict.kind === 'seen';
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '    ');
}

async function main(): Promise<number> {
  let parsed: ReturnType<typeof parseCommandLine>;
  try {
    parsed = parseCommandLine();
  } catch (thrown) {
    console.error(`conformance: ${messageOf(thrown)}`);
    return 2;
  }
  try {
    const { files, sides } = parsed;
    if (files.length > 0) return await run(files, sides);
    const stories = SEEDS.map((seed) => ({
      name: `random-${seed}`,
      lines: randomScenario(seed, RANDOM_STEPS),
    }));
    return await withStoryFiles(stories, (told) => run([...allScenarios(), ...told], sides));
  } catch (thrown) {
    console.error(`conformance: ${messageOf(thrown)}`);
    return 1;
  }
}

function parseCommandLine(): { readonly files: readonly string[]; readonly sides: Sides } {
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    options: { 'kernel-only': flag, 'uipvs-only': flag, io: { type: 'string', default: 'both' } },
    allowPositionals: true,
  });
  if (values['kernel-only'] && values['uipvs-only']) {
    throw new UipvsError('EINVAL', 'Expected --kernel-only or --uipvs-only but received both');
  }
  const devices = DEVICES[values.io];
  if (devices === undefined) {
    throw new UipvsError('EINVAL', `Expected tun, packet or both for --io but received '${values.io}'`);
  }
  const files = positionals.map((file) => path.resolve(file));
  const absent = files.find((file) => !existsSync(file));
  if (absent !== undefined) throw new UipvsError('ENOENT', `Expected a scenario at ${absent} but found none`);
  return { files, sides: { isKernel: !values['uipvs-only'], devices: values['kernel-only'] ? [] : devices } };
}

function allScenarios(): string[] {
  const names = readdirSync(SCENARIOS).filter((name) => name.endsWith('.txt'));
  return names.sort().map((name) => path.join(SCENARIOS, name));
}

// Not only the exit code: after a failure on one side nobody waits for the other. Labs end with the process.
process.exit(await main());
