import { setImmediate as turn } from 'node:timers/promises';

/** Walks through long work, with the event loop's other work between its steps. Returns what the steps yielded. */
export async function inSteps<Yielded>(steps: Iterable<Yielded>): Promise<readonly Yielded[]> {
  const yielded: Yielded[] = [];
  for (const step of steps) {
    yielded.push(step);
    await turn();
  }
  return yielded;
}
