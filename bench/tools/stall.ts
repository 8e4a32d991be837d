import { until } from '../../test/lab/poll.js';
import type { UipvsProcess } from '../../test/lab/uipvs-process.js';

/** What a stall does to uipvsd's JavaScript: `block` stops it, `collect` has it collect garbage all the time. */
export type StallKind = 'block' | 'collect';

const PROGRAM = new URL('./stall-program.js', import.meta.url).href;

/** How much longer than asked a stall may take, on a busy machine. */
const SLACK_MS = 10_000;

/** For the environment of a uipvsd that {@link stall} is to be used on. */
export function stallable(kind: StallKind, milliseconds: number): Readonly<Record<string, string>> {
  return {
    NODE_OPTIONS: `--import=${PROGRAM}`,
    UIPVS_STALL_KIND: kind,
    UIPVS_STALL_MS: `${milliseconds}`,
  };
}

/** Stall uipvsd as its environment says; settles when that is over, with how often it was stopped meanwhile. */
export async function stall(uipvs: UipvsProcess, milliseconds: number): Promise<number> {
  process.kill(uipvs.pid, 'SIGURG');
  const times = await until(
    'uipvsd to have been stalled',
    milliseconds + SLACK_MS,
    () => /^stalled (\d+) times$/m.exec(uipvs.log)?.[1] ?? null,
  );
  return Number(times);
}
