/** What passes between the host and the reference kernel, as files in a directory both see. */

/** A `Plan` as JSON, written by the host. */
export const PLAN_FILE = 'plan.json';
/** `ScenarioResult`s as JSON lines, written by the kernel's first process. */
export const RESULTS_FILE = 'results.jsonl';

export interface Plan {
  /** The variable PATH of the first process. */
  readonly path: string;
  /** The Node.js program. */
  readonly node: string;
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
