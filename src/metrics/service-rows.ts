/**
 * Services as metrics tell them apart: by protocol, address and port, or firewall mark. That is less than IPVS does:
 * the IPv4 and the IPv6 service of one mark have the same labels, and so have 10.9.0.1:80 and [::ffff:10.9.0.1]:80. As
 * a series must not come twice, what has the same labels is added up, as node_exporter does.
 */
import type { Counters, DestinationFigures, ServiceFigures } from '../ipvs/listing.js';
import type { ServiceKey } from '../ipvs/specification.js';
import { labelText } from './exposition.js';
import { hex } from './hex.js';
import { nodeExporterAddress } from './node-exporter-address.js';

/** As the source gives it: its figures may be live. */
export type DestinationRow = Omit<DestinationFigures, 'forwarding'>;

export interface ServiceRow {
  /** Label text: local_address, local_mark, local_port, proto. */
  readonly labels: string;
  readonly counters: Counters;
  readonly destinations: readonly DestinationRow[];
}

/** Services and destinations between two yields: about a millisecond's work. */
const LISTINGS_PER_PIECE = 256;

/** Yields nothing, now and then; returns a row for each set of labels, in the order of the services. */
export function* serviceRows(services: Iterable<ServiceFigures>): Generator<void, readonly ServiceRow[]> {
  const rows = new Map<string, ServiceRow>();
  let left = LISTINGS_PER_PIECE;
  for (const { key, counters, destinations } of services) {
    const labels = serviceLabels(key);
    const same = rows.get(labels);
    const row = { labels, counters, destinations };
    rows.set(labels, same === undefined ? row : merged(same, row));
    left -= 1 + destinations.length;
    if (left > 0) continue;
    yield;
    left = LISTINGS_PER_PIECE;
  }
  return [...rows.values()];
}

/** Label text: remote_address, remote_port. */
export function destinationLabels({ address, port }: DestinationRow): string {
  return `remote_address="${nodeExporterAddress(address)}",remote_port="${port}"`;
}

/** Source: node_exporter 1.5.0, collector/ipvs_linux.go, as observed; that has no word for SCTP, see ipvs-series.ts. */
function serviceLabels(key: ServiceKey): string {
  const isMark = key.kind === 'fwmark';
  return labelText({
    local_address: isMark ? '' : nodeExporterAddress(key.address),
    local_mark: isMark ? hex(key.mark >>> 0, 8) : '',
    local_port: isMark ? '0' : String(key.port),
    proto: isMark ? 'FWM' : key.protocol.toUpperCase(),
  });
}

function merged(left: ServiceRow, right: ServiceRow): ServiceRow {
  const destinations = new Map<string, DestinationRow>();
  for (const destination of [...left.destinations, ...right.destinations]) {
    const labels = destinationLabels(destination);
    const same = destinations.get(labels);
    destinations.set(labels, same === undefined ? destination : mergedDestinations(same, destination));
  }
  const sum = (name: keyof Counters): number => left.counters[name] + right.counters[name];
  return {
    labels: left.labels,
    counters: {
      connections: sum('connections'),
      inPackets: sum('inPackets'),
      outPackets: sum('outPackets'),
      inBytes: sum('inBytes'),
      outBytes: sum('outBytes'),
    },
    destinations: [...destinations.values()],
  };
}

function mergedDestinations(left: DestinationRow, right: DestinationRow): DestinationRow {
  return {
    ...left,
    activeConnections: left.activeConnections + right.activeConnections,
    inactiveConnections: left.inactiveConnections + right.inactiveConnections,
    weight: left.weight + right.weight,
  };
}
