import { UipvsError } from '../../src/base/error.js';
import type { Lab } from '../../test/lab/lab.js';

const ENDPOINT = '127.0.0.1:9100';

/** Arguments of a uipvsd that {@link scrape} is to be asked of. */
export const METRICS_ARGS: readonly string[] = ['--metrics', ENDPOINT];

/** What the director's daemon says to Prometheus. */
export function scrape(lab: Lab): Promise<string> {
  return lab.run('director', ['curl', '-sS', `http://${ENDPOINT}/metrics`]);
}

/** The value of a series without labels. Throws EIO when there is none. */
export function gauge(exposition: string, name: string): number {
  const value = new RegExp(`^${name} ([\\d.e+]+)$`, 'm').exec(exposition)?.[1];
  if (value === undefined) throw new UipvsError('EIO', `Expected a series ${name} but received none`);
  return Number(value);
}

/** Cumulative counts by upper bound, in microseconds, the last one infinite. */
export type Histogram = readonly { readonly upperMicroseconds: number; readonly count: number }[];

/** The histogram `name`, whose bounds are in seconds. */
export function histogram(exposition: string, name: string): Histogram {
  const lines = exposition.matchAll(new RegExp(`^${name}_bucket\\{le="([^"]+)"\\} (\\d+)$`, 'gm'));
  return [...lines].map(([, upper, count]) => ({
    upperMicroseconds: upper === '+Inf' ? Number.POSITIVE_INFINITY : Number(upper) * 1e6,
    count: Number(count),
  }));
}

/** What was counted between two looks at the same histogram. */
export function growth(before: Histogram, after: Histogram): Histogram {
  return after.map(({ upperMicroseconds, count }, index) => ({
    upperMicroseconds,
    count: count - (before[index]?.count ?? 0),
  }));
}

/**
 * The value that `share` of all are not above, in microseconds, as Prometheus estimates it: evenly spread within a
 * bucket. NaN of nothing, and the last finite bound where it is above that. Source: Prometheus, histogram_quantile().
 */
export function quantile(cells: Histogram, share: number): number {
  const rank = share * (cells.at(-1)?.count ?? Number.NaN);
  let below = { upperMicroseconds: 0, count: 0 };
  for (const cell of cells) {
    if (cell.count >= rank && cell.count > below.count) {
      if (cell.upperMicroseconds === Number.POSITIVE_INFINITY) return below.upperMicroseconds;
      const part = (rank - below.count) / (cell.count - below.count);
      return below.upperMicroseconds + part * (cell.upperMicroseconds - below.upperMicroseconds);
    }
    below = cell;
  }
  return Number.NaN;
}
