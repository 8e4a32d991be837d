/** What passes between the host and the machine in which uipvs runs, as files in a directory both see. */
import type { Plan } from './first-process.js';

export interface StoryPlan extends Plan {
  /** Test files, absolute. */
  readonly files: readonly string[];
}

/** What the test runner says, as it says it. */
export const OUTPUT_FILE = 'output.txt';
/** A `Result` as JSON, when everything was told. */
export const RESULT_FILE = 'result.json';

export interface Result {
  readonly isGood: boolean;
  /** Why the stories could not be told at all. */
  readonly failure?: string;
}
