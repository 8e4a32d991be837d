import { until } from '../../lab/poll.js';
import type { UipvsProcess } from '../../lab/uipvs-process.js';

export const BLOCK_MS = 3000;

/** For the environment of a uipvsd that {@link blockEventLoop} is to be used on. */
export const BLOCKABLE: Readonly<Record<string, string>> = {
  NODE_OPTIONS: `--import=${new URL('./block-event-loop.js', import.meta.url).href}`,
};

/** By the wall clock, in milliseconds. */
export interface Block {
  readonly startMs: number;
  /** When JavaScript runs again; waits for it. */
  end(): Promise<number>;
}

/** Stops the JavaScript of a {@link BLOCKABLE} uipvsd for BLOCK_MS; returns when it has stopped. */
export async function blockEventLoop(uipvs: UipvsProcess): Promise<Block> {
  const said = async (word: string): Promise<number> => {
    const at = await until(
      `uipvsd to be ${word}`,
      2 * BLOCK_MS,
      () => new RegExp(`^${word} at (\\d+)$`, 'm').exec(uipvs.log)?.[1] ?? null,
    );
    return Number(at);
  };
  process.kill(uipvs.pid, 'SIGURG');
  return { startMs: await said('blocked'), end: () => said('free') };
}
