import { until } from '../../lab/poll.js';
import type { UipvsProcess } from '../../lab/uipvs-process.js';

/** How a line with a report begins. */
export const LOOP_REPORT = 'event loop: ';

const PATIENCE_MS = 10_000;

/** What was seen since the last report. */
export interface LoopReport {
  /** How late the event loop was, by the clock. */
  readonly delayP99Ms: number;
  readonly delayMaxMs: number;
  /** Processor time of the main thread between two turns of a 2 ms timer. */
  readonly busyP99Ms: number;
  readonly busyMaxMs: number;
  /** Resident memory: now, and the most there was. */
  readonly rssBytes: number;
  readonly peakRssBytes: number;
  /** What JavaScript holds, without its young generation: now, and the most there was. */
  readonly heldBytes: number;
  readonly peakHeldBytes: number;
}

/** For the environment of a uipvsd that {@link loopReport} is asked of. */
export const WATCHED: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--import=${new URL('./watch-event-loop.js', import.meta.url).href}`,
};

/** What a {@link WATCHED} uipvsd saw since it was last asked. */
export async function loopReport(uipvs: UipvsProcess): Promise<LoopReport> {
  const reports = (): string[] => uipvs.log.split('\n').filter((line) => line.startsWith(LOOP_REPORT));
  const count = reports().length;
  process.kill(uipvs.pid, 'SIGURG');
  const line = await until('a report of the event loop', PATIENCE_MS, () => reports()[count] ?? null);
  return JSON.parse(line.slice(LOOP_REPORT.length)) as LoopReport;
}
