import { UipvsError } from '../../src/base/error.js';
import type { Lab } from '../../test/lab/lab.js';
import type { Balancer } from '../peer.js';
import { residentBytes } from '../processor-time.js';
import type { Details } from '../trial.js';
import { type Flows, sendFlows } from './flow-sender.js';
import { gauge, scrape } from './metrics.js';

/** Connections opened at a time; when one of their packets was lost, all of them have another. */
const CHUNK = 50_000;
/** How often at most: more, and something else is wrong than that the packets come too fast. */
const CHUNK_ATTEMPTS = 20;

/** First packets a second: from here up as long as none is lost, and down to what came through when some are. */
const FIRST_PER_SECOND = 80_000;
const MIN_PER_SECOND = 2000;
const FASTER = 1.15;
const SLOWER = 0.9;

/** Of a table that is to be full of live connections so many may be missing. */
const MISSING_SHARE = 0.001;

/** Fewer connections than these, and what else grows in the process hides what one takes. */
const MEMORY_FROM = 100_000;

/**
 * Open `count` UDP connections, and say what they took. The daemon is to have METRICS_ARGS. Throws EIO when they do not
 * come to be.
 *
 * `connectionBytes` is what the connection table has grown by, which is mapped shared, for each; `processGrowthBytes`
 * all of the daemon, the garbage that JavaScript has not yet collected included.
 */
export async function fillTable(
  lab: Lab,
  { target, uipvs }: Balancer,
  port: number,
  count: number,
): Promise<Details> {
  const before = residentBytes(uipvs?.pid ?? 0);
  const startedAt = performance.now();
  let perSecond = FIRST_PER_SECOND;
  for (let first = 0; first < count; first += CHUNK) {
    const flows = { target, port, first, count: Math.min(CHUNK, count - first) };
    perSecond = await openAll(lab, flows, perSecond);
  }
  const fillSeconds = (performance.now() - startedAt) / 1000;
  const live = gauge(await scrape(lab), 'uipvs_connections');
  if (live < count * (1 - MISSING_SHARE)) {
    throw new UipvsError('EIO', `Expected ${count} live connections but received ${live}`);
  }
  if (count < MEMORY_FROM) return {};
  const after = residentBytes(uipvs?.pid ?? 0);
  return {
    fillSeconds,
    connectionBytes: (after.shared - before.shared) / live,
    processGrowthBytes: (after.all - before.all) / live,
  };
}

/** One packet of each flow, again until none of them is lost; gives back how fast the next ones may come. */
async function openAll(lab: Lab, flows: Flows, perSecond: number): Promise<number> {
  let rate = perSecond;
  for (let attempt = 1; attempt <= CHUNK_ATTEMPTS; attempt++) {
    const passage = await sendFlows(lab, flows, { packets: flows.count, perSecond: Math.round(rate) });
    if (passage.delivered >= passage.sent) return rate * FASTER;
    rate = Math.max(MIN_PER_SECOND, (SLOWER * passage.delivered) / passage.seconds);
  }
  throw new UipvsError('EIO', `Expected ${flows.count} packets to pass but some were lost every time`);
}
