import type { MetricsSource } from '../../src/metrics/source.js';
import { CONNECTION_ROWS, INFO, rowsOf, SERVICE_LISTINGS, TOTALS } from './recorded-listings.js';

/** A source with the recorded figures; `changes` replaces some of its members. */
export function cannedSource(changes: Partial<MetricsSource> = {}): MetricsSource {
  return {
    info: () => INFO,
    services: () => SERVICE_LISTINGS,
    totals: () => TOTALS,
    connectionRows: () => [rowsOf(CONNECTION_ROWS)],
    workerCounters: () => ({
      received_packets: 100,
      transmitted_packets: 90,
      translated_packets: 70,
      passed_packets: 20,
      upcalls: 7,
      drop_fragment: 8,
      drop_table_full: 2,
    }),
    upcallLatency: () => ({
      count: 7,
      sumSeconds: 0.0125,
      buckets: [
        { upperSeconds: 0.001, count: 4 },
        { upperSeconds: 0.01, count: 6 },
      ],
    }),
    schedulerFailures: 3,
    schedulerErrors: 5,
    liveConnections: 11,
    connectionLimit: 1024,
    ringUse: 0.25,
    ...changes,
  };
}
