/** Scenarios told to the kernel and to uipvs, by one device or by both, and what differs. */
import type { Lab } from '../lab/lab.js';
import { requirements } from '../lab/requirements.js';
import { unifiedDiff } from './diff.js';
import type { ScenarioResult } from './kernel-protocol.js';
import { observeFiles } from './observe-files.js';
import { kernelRequirements, observeOnKernel } from './reference-kernel.js';
import { uipvsBalancer } from './uipvs-balancer.js';

/** Scenarios running at a time on each side: most of their time is waiting for silence to be silence. */
const PARALLEL = 4;

/** How packets come to uipvs: its --io. */
export type Device = 'tun' | 'packet';

export interface Sides {
  readonly isKernel: boolean;
  /** Every scenario is told to uipvs once by each. */
  readonly devices: readonly Device[];
}

export const BOTH_SIDES: Sides = { isKernel: true, devices: ['tun'] };

/** One sentence saying what this host lacks for these sides, or null. */
export function sidesRequirements(sides: Sides): string | null {
  return requirements(['ping', 'python3', 'nft']) ?? (sides.isKernel ? kernelRequirements() : null);
}

/**
 * The results of every file, in the order of the files: the kernel's first, then uipvs's in the order of its devices,
 * without those of a side that is not asked; `parallel` at a time on each side. Throws as `observeOnKernel` does.
 */
export async function observeSides(
  files: readonly string[],
  sides: Sides,
  parallel = PARALLEL,
): Promise<readonly (readonly ScenarioResult[])[]> {
  const [kernel, uipvs] = await Promise.all([
    sides.isKernel ? observeOnKernel(files, parallel) : [],
    observeOnDevices(files, sides.devices, parallel),
  ]);
  return files.map((_, index) =>
    [kernel[index], ...uipvs.map((results) => results[index])].filter((result) => result !== undefined),
  );
}

async function observeOnDevices(
  files: readonly string[],
  devices: readonly Device[],
  parallel: number,
): Promise<readonly (readonly ScenarioResult[])[]> {
  const results: ScenarioResult[][] = [];
  for (const device of devices) results.push(await observeOnUipvs(files, device, parallel));
  return results;
}

async function observeOnUipvs(
  files: readonly string[],
  device: Device,
  parallel: number,
): Promise<ScenarioResult[]> {
  const results = new Map<string | null, ScenarioResult>();
  const start = (lab: Lab) => uipvsBalancer(lab, device);
  await observeFiles(files, parallel, start, (result) => results.set(result.file, result));
  return files.map((file) => results.get(file) ?? { file, failure: 'It was never told.' });
}

/** What there is to say of the results of one scenario: of several whether they are the same, of one what it is. */
export type Verdict =
  | { readonly kind: 'failed'; readonly text: string }
  | { readonly kind: 'seen'; readonly text: string }
  | { readonly kind: 'same' }
  /** `step` is the index of the first that differs. */
  | { readonly kind: 'differs'; readonly text: string; readonly step: number };

export function judge(results: readonly ScenarioResult[]): Verdict {
  const failures = results.flatMap((result) => ('failure' in result ? [result.failure] : []));
  if (failures.length > 0) return { kind: 'failed', text: failures.join('\n') };
  const [first = [], ...others] = results.map((result) => ('transcript' in result ? result.transcript : []));
  if (others.length === 0) return { kind: 'seen', text: first.join('') };
  for (const [device, other] of others.entries()) {
    const step = first.findIndex((text, index) => text !== other[index]);
    if (step === -1) continue;
    const diff = unifiedDiff(first.join(''), other.join(''));
    const name = others.length > 1 ? `uipvs, device ${device + 1}` : 'uipvs';
    return { kind: 'differs', text: `--- kernel\n+++ ${name}\n${diff}`, step };
  }
  return { kind: 'same' };
}
