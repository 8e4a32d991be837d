/** The text of /proc/net/ip_vs. */
import type { DestinationFigures, Info, ServiceFigures, ServiceHead } from '../ipvs/listing.js';
import type { ForwardingMethod, Persistence, ServiceKey } from '../ipvs/specification.js';
import { bracketedProcAddress, hex } from './hex.js';

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
const LINES_PER_PIECE = 64;

/**
 * The file in pieces, services in the order given.
 * Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_info_seq_show.
 */
export function* procServices(info: Info, services: Iterable<ServiceFigures>): Generator<string> {
  const figuresText = new FiguresText();
  let piece = `IP Virtual Server version ${info.version} (size=${info.connectionTableSize})\n`;
  piece += 'Prot LocalAddress:Port Scheduler Flags\n';
  piece += '  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n';
  let left = LINES_PER_PIECE;
  for (const service of services) {
    piece += serviceLine(service);
    for (const destination of service.destinations) {
      piece += `  -> ${bracketedProcAddress(destination.address)}:${hex(destination.port, 4)}${figuresText.of(destination)}`;
      left -= 1;
      if (left > 0) continue;
      yield piece;
      piece = '';
      left = LINES_PER_PIECE;
    }
    left -= 1;
  }
  if (piece !== '') yield piece;
}

/** The end of a destination's line. Of 100,000 most have the one before's. */
class FiguresText {
  #forwarding: ForwardingMethod | null = null;
  #weight = 0;
  #active = 0;
  #inactive = 0;
  #text = '';

  of({ forwarding, weight, activeConnections, inactiveConnections }: DestinationFigures): string {
    const isSame =
      forwarding === this.#forwarding &&
      weight === this.#weight &&
      activeConnections === this.#active &&
      inactiveConnections === this.#inactive;
    if (isSame) return this.#text;
    this.#forwarding = forwarding;
    this.#weight = weight;
    this.#active = activeConnections;
    this.#inactive = inactiveConnections;
    const method = FORWARDING_NAMES[forwarding].padEnd(7);
    const figures = [String(weight).padEnd(6), pad(activeConnections), pad(inactiveConnections)];
    this.#text = `      ${method} ${figures.join(' ')}\n`;
    return this.#text;
  }
}

function pad(connections: number): string {
  return String(connections).padEnd(10);
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
