import { UipvsError } from '../../src/base/error.js';

export interface WrkReport {
  readonly requests: number;
  readonly requestsPerSecond: number;
  /** Latency of a whole request under this load, in microseconds. */
  readonly p50Microseconds: number;
  readonly p99Microseconds: number;
  /** What went wrong, in wrk's words; empty when every request was answered with success. */
  readonly faults: readonly string[];
}

const MICROSECONDS = { us: 1, ms: 1e3, s: 1e6, m: 6e7 } as const;

/** Read what `wrk --latency` printed. Throws EIO when it is something else. Source: wrk 4.1.0, print_stats. */
export function parseWrk(text: string): WrkReport {
  const requests = /^\s*(\d+) requests in /m.exec(text)?.[1];
  const rate = /^Requests\/sec:\s*([\d.]+)/m.exec(text)?.[1];
  if (requests === undefined || rate === undefined) {
    throw new UipvsError('EIO', `Expected a report of wrk but received: ${text.trim()}`);
  }
  return {
    requests: Number(requests),
    requestsPerSecond: Number(rate),
    p50Microseconds: percentile(text, 50),
    p99Microseconds: percentile(text, 99),
    faults: [...text.matchAll(/^\s*((?:Socket errors|Non-2xx or 3xx responses): .*)$/gm)].map(
      ([, line]) => line ?? '',
    ),
  };
}

function percentile(text: string, percent: number): number {
  const [, value, unit] = new RegExp(`^\\s*${percent}%\\s+([\\d.]+)(us|ms|s|m)$`, 'm').exec(text) ?? [];
  return Number(value) * MICROSECONDS[unit as keyof typeof MICROSECONDS];
}
