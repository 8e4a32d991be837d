/**
 * Theory of operation: what uipvs tells to monitoring, in two forms that existing programs already read.
 *
 *                         +-- proc-files.ts      DIR/net/ip_vs, ip_vs_conn, ip_vs_stats, ...: node_exporter, scripts
 *   MetricsSource <-------+
 *   (the daemon)          +-- metrics-server.ts  GET /metrics: Prometheus
 *
 * Both pull: nothing is counted here. A value is asked of the source at the moment it is written or scraped, so that
 * nobody pays for metrics that nobody reads.
 *
 * The tables can be large (110,000 destinations, a million connections), and this runs in the event loop that also
 * chooses destinations for new connections. So every text is made by a generator of pieces, pure and without a clock,
 * and whoever consumes it gives way to the event loop between two pieces. A piece is about a millisecond's work. So a
 * text is not of one moment, no more than what the kernel gives to a reader of its own files.
 *
 * The forms are the kernel's and node_exporter's own, byte for byte and series for series; where not, the place says
 * so ("Differs from ..."). Source: net/netfilter/ipvs/ip_vs_ctl.c and ip_vs_conn.c as observed on Linux 6.1,
 * node_exporter 1.5.0 collector/ipvs_linux.go as observed.
 */
import type { ConnectionRows } from '../engine/connection-rows.js';
import type { UpcallLatency } from '../engine/worker-figures.js';
import type { Info, ServiceFigures, Totals } from '../ipvs/listing.js';

/** Where the figures come from. No member may block for long; each is asked anew at every scrape or refresh. */
export interface MetricsSource {
  info(): Info;
  /**
   * In the order in which the kernel would list them. It is walked over several turns of the event loop, so a large
   * table is to be listed service by service as it is asked for, not all at once.
   */
  services(): Iterable<ServiceFigures>;
  totals(): Totals;
  /** The connection table piece by piece, some hundred connections each. */
  connectionRows(): Iterable<ConnectionRows>;
  /** By name: packets by verdict (`translated_packets`), drops by reason (`drop_...`), events (`upcalls`). */
  workerCounters(): Readonly<Record<string, number>>;
  upcallLatency(): UpcallLatency;
  /** New connections for which no scheduler found a destination. */
  readonly schedulerFailures: number;
  /** How often a scheduler threw, answered what it must not, or took too long. */
  readonly schedulerErrors: number;
  readonly liveConnections: number;
  readonly connectionLimit: number;
  /** How full the ring of upcalls is: 0..1. */
  readonly ringUse: number;
}
