/** The text of /proc/net/ip_vs. */
import type { DestinationFigures, Info, ServiceFigures, ServiceHead } from '../ipvs/listing.js';
import type { ForwardingMethod, Persistence, ServiceKey } from '../ipvs/specification.js';
import { bracketedProcAddress, hex } from './hex.js';
import { inPieces } from './pieces.js';

/**
 * The file gives a persistence timeout in jiffies, of which there are CONFIG_HZ a second: 100, 250, 300 or 1000 by the
 * kernel's build. uipvs takes 100: it is the one rate that programs can ask for (sysconf(_SC_CLK_TCK), fixed at 100 on
 * all but ancient machines), and that of the kernel which the conformance suite runs.
 */
const JIFFIES_PER_SECOND = 100;

const FORWARDING_NAMES: Readonly<Record<ForwardingMethod, string>> = {
  masquerading: 'Masq',
  local: 'Local',
  tunneling: 'Tunnel',
  'direct-routing': 'Route',
};

/** A tenth of a millisecond's work, or two: see pace.ts. */
const LINES_PER_PIECE = 32;

/**
 * The file in pieces, services in the order given.
 * Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_info_seq_show.
 */
export function* procServices(info: Info, services: Iterable<ServiceFigures>): Generator<string> {
  yield* inPieces(lines(info, services), LINES_PER_PIECE);
}

function* lines(info: Info, services: Iterable<ServiceFigures>): Generator<string> {
  yield `IP Virtual Server version ${info.version} (size=${info.connectionTableSize})\n`;
  yield 'Prot LocalAddress:Port Scheduler Flags\n';
  yield '  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n';
  for (const service of services) {
    yield serviceLine(service);
    for (const destination of service.destinations) yield destinationLine(destination);
  }
}

function serviceLine(service: ServiceHead): string {
  return `${head(service)}${persistence(service.key, service.persistence)}\n`;
}

/** That one-packet scheduling is not shown of IPv6 services, and the blanks, are the kernel's own. */
function head({ key, scheduler, isOnePacket }: ServiceHead): string {
  const flags = isOnePacket ? 'ops ' : '';
  if (key.kind === 'fwmark') return `FWM  ${hex(key.mark >>> 0, 8)} ${scheduler} ${flags}`;
  const place = `${key.protocol.toUpperCase()}  ${bracketedProcAddress(key.address)}:${hex(key.port, 4)}`;
  return key.address.includes(':') ? `${place} ${scheduler} ` : `${place} ${scheduler} ${flags} `;
}

function persistence(key: ServiceKey, persistent: Persistence | null): string {
  if (persistent === null) return '';
  const family = key.kind === 'fwmark' ? key.family : key.address.includes(':') ? 6 : 4;
  // The kernel shows the netmask as a big-endian number, which the prefix length of IPv6 is not: /64 is 40000000.
  const mask = family === 6 ? persistent.netmask * 2 ** 24 : persistent.netmask;
  return `persistent ${persistent.timeoutSeconds * JIFFIES_PER_SECOND} ${hex(mask >>> 0, 8)}`;
}

function destinationLine(destination: DestinationFigures): string {
  const place = `${bracketedProcAddress(destination.address)}:${hex(destination.port, 4)}`;
  const method = FORWARDING_NAMES[destination.forwarding].padEnd(7);
  const weight = String(destination.weight).padEnd(6);
  const active = String(destination.activeConnections).padEnd(10);
  const inactive = String(destination.inactiveConnections).padEnd(10);
  return `  -> ${place}      ${method} ${weight} ${active} ${inactive}\n`;
}
