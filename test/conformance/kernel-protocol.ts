/** What passes between the host and the reference kernel, as files in a directory both see. */
import type { Plan } from '../uml/first-process.js';

/** `ScenarioResult`s as JSON lines, written by the kernel's first process. */
export const RESULTS_FILE = 'results.jsonl';

export interface ScenarioPlan extends Plan {
  /** Scenario files, absolute. */
  readonly files: readonly string[];
  /** How many to run at a time. */
  readonly parallel: number;
}

/**
 * What was observed of a scenario, a text for each step, or why it could not be. `file` is null when no scenario could
 * be run at all.
 */
export type ScenarioResult =
  | { readonly file: string; readonly transcript: readonly string[] }
  | { readonly file: string | null; readonly failure: string };
