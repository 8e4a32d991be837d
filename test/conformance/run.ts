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
 * and the root file system is the host's, read-only. What differs is one `Balancer` each. Every scenario has a lab
 * of its own, so that no port, connection or counter is left of the one before; one boot serves them all. Nothing
 * the kernel said is kept between runs: the reference is asked every time. The two sides run side by side.
 *
 *   node run.js [--kernel-only | --uipvs-only] [scenario files...]
 *
 * Without files: all of scenarios/. With one of the options the transcripts of that side are printed instead of
 * compared. Exits 0 when everything is the same, 1 on any difference, failure or missing prerequisite, 2 on a wrong
 * command line.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { messageOf, UipvsError } from '../../src/base/error.js';
import { requirements } from '../lab/requirements.js';
import { uipvsBalancer } from './balancer.js';
import { unifiedDiff } from './diff.js';
import { inParallel } from './in-parallel.js';
import type { ScenarioResult } from './kernel-protocol.js';
import { observe } from './observe.js';
import { observeOnKernel } from './reference-kernel.js';
import { parseScenario } from './scenario.js';
import { kernelRequirements } from './user-mode-linux.js';

/** Scenarios are data: they stay in the source tree, which is beside `dist`. */
const SCENARIOS = fileURLToPath(new URL('../../../test/conformance/scenarios/', import.meta.url));

/** Scenarios running at a time on each side: most of their time is waiting for silence to be silence. */
const PARALLEL = 3;

interface Sides {
  readonly isKernel: boolean;
  readonly isUipvs: boolean;
}

/** Tell the files on the sides asked for; gives back the exit status. */
async function run(files: readonly string[], sides: Sides): Promise<number> {
  const missing = requirements(['ping', 'sed']) ?? (sides.isKernel ? kernelRequirements() : null);
  if (missing !== null) throw new UipvsError('ENOENT', missing);
  for (const file of files) parseScenario(readFileSync(file, 'utf8'), file); // a typing error costs no boot
  const [kernel, uipvs] = await Promise.all([
    sides.isKernel ? observeOnKernel(files, PARALLEL) : [],
    sides.isUipvs ? inParallel(files, PARALLEL, observeOnUipvs) : [],
  ]);
  let failed = 0;
  for (const [index, file] of files.entries()) {
    const texts = [kernel[index], uipvs[index]].filter((result) => result !== undefined);
    if (!judge(path.basename(file, '.txt'), texts)) failed += 1;
  }
  console.log(`${files.length - failed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function observeOnUipvs(file: string): Promise<ScenarioResult> {
  try {
    return {
      file,
      transcript: await observe(parseScenario(readFileSync(file, 'utf8'), file), uipvsBalancer),
    };
  } catch (thrown) {
    return { file, failure: messageOf(thrown) };
  }
}

/** Print the verdict on one scenario: of two results whether they are the same, of one what it is. */
function judge(name: string, results: readonly ScenarioResult[]): boolean {
  const failures = results.flatMap((result) => ('failure' in result ? [result.failure] : []));
  if (failures.length > 0) {
    console.log(`FAILED  ${name}\n${indent(failures.join('\n'))}`);
    return false;
  }
  const [first = '', second] = results.map((result) => ('transcript' in result ? result.transcript : ''));
  if (second === undefined) {
    console.log(`saw     ${name}\n${indent(first)}`);
    return true;
  }
  const diff = unifiedDiff(first, second);
  console.log(
    diff === '' ? `same    ${name}` : `DIFFERS ${name}\n${indent(`--- kernel\n+++ uipvs\n${diff}`)}`,
  );
  return diff === '';
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
    return await run(parsed.files, parsed.sides);
  } catch (thrown) {
    console.error(`conformance: ${messageOf(thrown)}`);
    return 1;
  }
}

function parseCommandLine(): { readonly files: readonly string[]; readonly sides: Sides } {
  const flag = { type: 'boolean', default: false } as const;
  const { values, positionals } = parseArgs({
    options: { 'kernel-only': flag, 'uipvs-only': flag },
    allowPositionals: true,
  });
  if (values['kernel-only'] && values['uipvs-only']) {
    throw new UipvsError('EINVAL', 'Expected --kernel-only or --uipvs-only but received both');
  }
  const files = positionals.length > 0 ? positionals.map((file) => path.resolve(file)) : allScenarios();
  const absent = files.find((file) => !existsSync(file));
  if (absent !== undefined) throw new UipvsError('ENOENT', `Expected a scenario at ${absent} but found none`);
  return { files, sides: { isKernel: !values['uipvs-only'], isUipvs: !values['kernel-only'] } };
}

function allScenarios(): string[] {
  const names = readdirSync(SCENARIOS).filter((name) => name.endsWith('.txt'));
  return names.sort().map((name) => path.join(SCENARIOS, name));
}

// Not only the exit code: after a failure on one side nobody waits for the other. Labs end with the process.
process.exit(await main());
