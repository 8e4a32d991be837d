/** Scenarios told to the kernel and to uipvs, and what differs. */
import { requirements } from '../lab/requirements.js';
import { unifiedDiff } from './diff.js';
import type { ScenarioResult } from './kernel-protocol.js';
import { observeFiles } from './observe-files.js';
import { observeOnKernel } from './reference-kernel.js';
import { uipvsBalancer } from './uipvs-balancer.js';
import { kernelRequirements } from './user-mode-linux.js';

/** Scenarios running at a time on each side: most of their time is waiting for silence to be silence. */
const PARALLEL = 4;

export interface Sides {
  readonly isKernel: boolean;
  readonly isUipvs: boolean;
}

export const BOTH_SIDES: Sides = { isKernel: true, isUipvs: true };

/** One sentence saying what this host lacks for these sides, or null. */
export function sidesRequirements(sides: Sides): string | null {
  return requirements(['ping', 'python3', 'nft']) ?? (sides.isKernel ? kernelRequirements() : null);
}

/**
 * The results of every file, in the order of the files: the kernel's first, then uipvs's, without those of a side that
 * is not asked. Throws as `observeOnKernel` does.
 */
export async function observeSides(
  files: readonly string[],
  sides: Sides,
): Promise<readonly (readonly ScenarioResult[])[]> {
  const [kernel, uipvs] = await Promise.all([
    sides.isKernel ? observeOnKernel(files, PARALLEL) : [],
    sides.isUipvs ? observeOnUipvs(files) : [],
  ]);
  return files.map((_, index) => [kernel[index], uipvs[index]].filter((result) => result !== undefined));
}

async function observeOnUipvs(files: readonly string[]): Promise<ScenarioResult[]> {
  const results = new Map<string | null, ScenarioResult>();
  await observeFiles(files, PARALLEL, uipvsBalancer, (result) => results.set(result.file, result));
  return files.map((file) => results.get(file) ?? { file, failure: 'It was never told.' });
}

/** What there is to say of the results of one scenario: of two whether they are the same, of one what it is. */
export type Verdict =
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'seen'; readonly text: string }
  | { readonly kind: 'same' }
  /** `step` is the index of the first that differs. */
  | { readonly kind: 'differs'; readonly text: string; readonly step: number };

export function judge(results: readonly ScenarioResult[]): Verdict {
  const failures = results.flatMap((result) => ('failure' in result ? [result.failure] : []));
  if (failures.length > 0) return { kind: 'failed', text: failures.join('\n') };
  const [first = [], second] = results.map((result) => ('transcript' in result ? result.transcript : []));
  if (second === undefined) return { kind: 'seen', text: first.join('') };
  const step = first.findIndex((text, index) => text !== second[index]);
  if (step === -1) return { kind: 'same' };
  const diff = unifiedDiff(first.join(''), second.join(''));
  return { kind: 'differs', text: `--- kernel\n+++ uipvs\n${diff}`, step };
}
