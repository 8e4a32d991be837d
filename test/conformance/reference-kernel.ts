import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { UipvsError } from '../../src/base/error.js';
import { PLAN_FILE, planOfThisProcess } from '../uml/first-process.js';
import { bootUserModeLinux, type Machine, machineRequirements } from '../uml/user-mode-linux.js';
import { RESULTS_FILE, type ScenarioPlan, type ScenarioResult } from './kernel-protocol.js';
import { longestFirst } from './observe-files.js';

/** How many such machines run at a time. */
const KERNELS = 2;

const MACHINE: Machine = {
  init: fileURLToPath(new URL('./kernel-init.js', import.meta.url)),
  /** Two labs with five Node processes each take about 160 MiB of it. */
  memoryMib: 384,
};

const BOOT_LIMIT_MS = 30_000;
const SCENARIO_LIMIT_MS = 60_000;

/** User-mode Linux has been seen to lose a process to a stray signal; what it did not come to is asked again. */
const BOOTS = 2;

/** One sentence saying what this host lacks for the reference kernel, or null when it can be booted. */
export function kernelRequirements(): string | null {
  return machineRequirements(KERNELS, MACHINE.memoryMib, ['ipvsadm']);
}

/**
 * Run the scenario files in Linux with ip_vs, which is booted as a process (user-mode Linux), `parallel` at a time, and
 * give back their results in the order of the files. Such a kernel has one processor, so two of them share the work.
 * Throws EIO when one cannot begin at all, EBUSY when it does not end.
 */
export async function observeOnKernel(files: readonly string[], parallel: number): Promise<ScenarioResult[]> {
  const shares = Array.from({ length: KERNELS }, (_, share) =>
    longestFirst(files).filter((_, index) => index % KERNELS === share),
  );
  const results = await Promise.all(
    shares.map((share) => observeOnOneKernel(share, Math.ceil(parallel / KERNELS))),
  );
  const byFile = new Map(results.flat().map((result) => [result.file, result]));
  return files.map((file) => byFile.get(file) ?? { file, failure: 'No kernel was asked.' });
}

/**
 * When the kernel ends early it is booted once more for the rest; a scenario it then does not come to either has the
 * reason as its failure.
 */
async function observeOnOneKernel(files: readonly string[], parallel: number): Promise<ScenarioResult[]> {
  const done = new Map<string | null, ScenarioResult>();
  let reason = '';
  for (let boots = 0; boots < BOOTS; boots += 1) {
    const left = files.filter((file) => !done.has(file));
    if (left.length === 0) break;
    const { results, said } = await bootWith(left, parallel);
    reason = said;
    for (const result of results) done.set(result.file, result);
    const obstacle = done.get(null);
    if (obstacle !== undefined && 'failure' in obstacle) {
      throw new UipvsError('EIO', `Expected the reference kernel to begin but received: ${obstacle.failure}`);
    }
  }
  const failure = `The reference kernel ended before this scenario did. It said: ${reason}`;
  return files.map((file) => done.get(file) ?? { file, failure });
}

async function bootWith(
  files: readonly string[],
  parallel: number,
): Promise<{ readonly results: readonly ScenarioResult[]; readonly said: string }> {
  const shared = mkdtempSync(path.join(tmpdir(), 'uipvs-reference-'));
  try {
    const plan: ScenarioPlan = { ...planOfThisProcess(), files, parallel };
    writeFileSync(path.join(shared, PLAN_FILE), JSON.stringify(plan));
    const said = await bootUserModeLinux(MACHINE, shared, BOOT_LIMIT_MS + files.length * SCENARIO_LIMIT_MS);
    return { results: readResults(path.join(shared, RESULTS_FILE)), said };
  } finally {
    rmSync(shared, { recursive: true, force: true });
  }
}

/** A last line that is cut off, because the kernel ended while writing, does not count. */
function readResults(file: string): ScenarioResult[] {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT') throw thrown;
  }
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const lines = whole.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as ScenarioResult);
}
