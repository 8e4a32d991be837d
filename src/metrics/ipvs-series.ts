/**
 * The series of services and destinations. Those of node_exporter's ipvs collector have its names, labels, help and
 * text, so that dashboards and alerts made for it go on working; the collector knows no figures of services, those are
 * ours.
 *
 * Differs from node_exporter: SCTP services have proto="SCTP". It passes over their line in /proc/net/ip_vs and gives
 * their destinations to the service before them.
 */
import type { Counters, ServiceFigures, Totals } from '../ipvs/listing.js';
import { metricHead, sample } from './exposition.js';
import { inPieces } from './pieces.js';
import { type DestinationRow, destinationLabels, type ServiceRow, serviceRows } from './service-rows.js';

interface CounterMetric {
  readonly name: string;
  readonly help: string;
  readonly of: keyof Counters;
}

/** Source: node_exporter 1.5.0, collector/ipvs_linux.go. */
const TOTALS: readonly CounterMetric[] = [
  { name: 'node_ipvs_connections_total', help: 'The total number of connections made.', of: 'connections' },
  {
    name: 'node_ipvs_incoming_packets_total',
    help: 'The total number of incoming packets.',
    of: 'inPackets',
  },
  {
    name: 'node_ipvs_outgoing_packets_total',
    help: 'The total number of outgoing packets.',
    of: 'outPackets',
  },
  { name: 'node_ipvs_incoming_bytes_total', help: 'The total amount of incoming data.', of: 'inBytes' },
  { name: 'node_ipvs_outgoing_bytes_total', help: 'The total amount of outgoing data.', of: 'outBytes' },
];

/** Source: node_exporter 1.5.0, collector/ipvs_linux.go. */
const OF_DESTINATIONS: readonly {
  readonly name: string;
  readonly help: string;
  readonly of: 'activeConnections' | 'inactiveConnections' | 'weight';
}[] = [
  {
    name: 'node_ipvs_backend_connections_active',
    help: 'The current active connections by local and remote address.',
    of: 'activeConnections',
  },
  {
    name: 'node_ipvs_backend_connections_inactive',
    help: 'The current inactive connections by local and remote address.',
    of: 'inactiveConnections',
  },
  {
    name: 'node_ipvs_backend_weight',
    help: 'The current backend weight by local and remote address.',
    of: 'weight',
  },
];

const OF_SERVICES: readonly CounterMetric[] = [
  {
    name: 'uipvs_service_connections_total',
    help: 'Connections made by the virtual service.',
    of: 'connections',
  },
  {
    name: 'uipvs_service_incoming_packets_total',
    help: 'Packets from clients to the virtual service.',
    of: 'inPackets',
  },
  {
    name: 'uipvs_service_outgoing_packets_total',
    help: 'Packets from the virtual service to clients.',
    of: 'outPackets',
  },
  {
    name: 'uipvs_service_incoming_bytes_total',
    help: 'Bytes of whole IP packets from clients to the virtual service.',
    of: 'inBytes',
  },
  {
    name: 'uipvs_service_outgoing_bytes_total',
    help: 'Bytes of whole IP packets from the virtual service to clients.',
    of: 'outBytes',
  },
];

/** In pieces, some of them empty. A metric without samples is left out, as by node_exporter. */
export function* ipvsSeries(services: Iterable<ServiceFigures>, { counters }: Totals): Generator<string> {
  let totals = '';
  for (const { name, help, of } of TOTALS) {
    totals += metricHead(name, help, 'counter') + sample(name, '', counters[of]);
  }
  yield totals;
  const rows = yield* emptyPieces(serviceRows(services));
  for (const { name, help, of } of OF_DESTINATIONS) {
    const samples = ofDestinations(rows, (labels, row) => sample(name, labels, row[of]));
    yield* metric(metricHead(name, help, 'gauge'), samples);
  }
  for (const { name, help, of } of OF_SERVICES) {
    const samples = ofServices(rows, (row) => sample(name, row.labels, row.counters[of]));
    yield* metric(metricHead(name, help, 'counter'), samples);
  }
}

function* emptyPieces<Result>(work: Generator<void, Result>): Generator<string, Result> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    yield '';
  }
}

function* ofDestinations(
  rows: readonly ServiceRow[],
  text: (labels: string, row: DestinationRow) => string,
): Generator<string> {
  for (const { labels, destinations } of rows) {
    for (const destination of destinations) {
      yield text(`${labels},${destinationLabels(destination)}`, destination);
    }
  }
}

function* ofServices(rows: readonly ServiceRow[], text: (row: ServiceRow) => string): Generator<string> {
  for (const row of rows) yield text(row);
}

function* metric(head: string, samples: Iterable<string>): Generator<string> {
  let before = head;
  for (const piece of inPieces(samples)) {
    yield before + piece;
    before = '';
  }
}
