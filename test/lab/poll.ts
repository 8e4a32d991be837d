import { setTimeout as delay } from 'node:timers/promises';
import { UipvsError } from '../../src/base/error.js';

/** Pause between two probes, in milliseconds. */
const PROBE_INTERVAL_MS = 10;

/**
 * Probe until the answer is neither null nor false, and give it back.
 * Throws EBUSY naming `what` after `timeoutMs`; what the probe itself throws ends the wait at once.
 */
export async function until<Answer>(
  what: string,
  timeoutMs: number,
  probe: () => Promise<Answer | null | false> | Answer | null | false,
): Promise<Answer> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const answer = await probe();
    if (answer !== null && answer !== false) return answer;
    if (performance.now() >= deadline) {
      throw new UipvsError('EBUSY', `Expected ${what} within ${timeoutMs} ms, but it did not happen`);
    }
    await delay(PROBE_INTERVAL_MS);
  }
}
