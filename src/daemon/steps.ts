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

/** After so long, in milliseconds, long work gives way to what else there is to do. */
export const SLICE_MS = 10;

/** Walks through work of many short steps, with the event loop's other work every SLICE_MS. Returns what it returns. */
export async function inSlices<Returned>(steps: Generator<void, Returned>): Promise<Returned> {
  let endsAtMs = performance.now() + SLICE_MS;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (performance.now() < endsAtMs) continue;
    await turn();
    endsAtMs = performance.now() + SLICE_MS;
  }
}
