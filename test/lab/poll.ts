import { setTimeout as delay } from 'node:timers/promises';
import { UipvsError } from '../../src/base/error.js';

/** Pause between two probes, in milliseconds. */
const PROBE_INTERVAL_MS = 10;

/**
 * How many times longer than usual everything may take: UIPVS_TEST_SLOWNESS, else 1. All that waits in a lab asks, so that
 * the same tests can run where a processor is emulated.
 */
export function slowness(): number {
  return Number(process.env.UIPVS_TEST_SLOWNESS ?? 1);
}

/**
 * Probe until the answer is neither null nor false, and give it back.
 * Throws EBUSY naming `what` after `timeoutMs`, or as much longer as the machine is slow; what the probe itself throws ends the wait at once.
 */
export async function until<Answer>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<Answer | null | false> | Answer | null | false,
): Promise<Answer> {
  const limitMs = timeoutMs * slowness();
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await probe();
    if (answer !== null && answer !== false) return answer;
    if (performance.now() >= deadline) {
      throw new UipvsError('EBUSY', `Expected ${what} within ${limitMs} ms, but it did not happen`);
    }
    await delay(PROBE_INTERVAL_MS);
  }
}
