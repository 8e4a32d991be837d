/** The lines of `-L`. Every column, with its trailing blanks, is as ipvsadm 1.31 prints it; flags of ours come last. */
import type { DestinationListing, Info, ServiceListing } from '../ipvs/listing.js';
import type { ForwardingMethod } from '../ipvs/specification.js';
import type { ListFormat, ListOptions } from './command.js';
import { formatLargeNumber } from './large-number.js';
import type { EndpointFormatter } from './name-book.js';
import { formatNetmask } from './netmask.js';
import { formatOwnFlags } from './own-service-option.js';
import { formatSchedulerFlags } from './scheduler-flag.js';
import { formatTunnelInfo } from './tunnel.js';

/** IPv4 names are cut to this; IPv6 ones are not. */
const NAME_WIDTH = 28;
const SERVICE_WIDTH = 33;

const FORWARDING_NAMES: Readonly<Record<ForwardingMethod, string>> = {
  masquerading: 'Masq',
  local: 'Local',
  tunneling: 'Tunnel',
  'direct-routing': 'Route',
};

const SUBTITLE = '  -> RemoteAddress:Port';

function counterTitle(columns: readonly string[]): string {
  const text = columns.map((column) => ` ${column.padStart(8)}`).join('');
  return `${'Prot LocalAddress:Port'.padEnd(SERVICE_WIDTH)}${text}\n${SUBTITLE}\n`;
}

const CONNECTIONS_TITLE = 'Prot LocalAddress:Port Scheduler Flags\n';

const TITLES: Readonly<Record<ListFormat, string>> = {
  connections: `${CONNECTIONS_TITLE}${SUBTITLE}           Forward Weight ActiveConn InActConn\n`,
  stats: counterTitle(['Conns', 'InPkts', 'OutPkts', 'InBytes', 'OutBytes']),
  rate: counterTitle(['CPS', 'InPPS', 'OutPPS', 'InBPS', 'OutBPS']),
  thresholds: `Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n${SUBTITLE}\n`,
  'persistent-conn': `Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n${SUBTITLE}\n`,
  'tun-info': `${CONNECTIONS_TITLE}${SUBTITLE}           Forward TunnelInfo    Weight ActiveConn InActConn\n`,
};

/** The first line of a listing of everything. */
export function formatVersion(info: Info): string {
  return `IP Virtual Server version ${info.version} (size=${info.connectionTableSize})\n`;
}

export function formatTitle(format: ListFormat): string {
  return TITLES[format];
}

/** A service and its destinations, in the order given. `formatName` decides on names or numbers. */
export function formatService(
  service: ServiceListing,
  destinations: readonly DestinationListing[],
  options: ListOptions,
  formatName: EndpointFormatter,
): string {
  const protocol = service.key.kind === 'address' ? service.key.protocol : undefined;
  const lines = [formatServiceLine(service, options, formatName)];
  for (const destination of destinations) {
    const name = cut(formatName(destination.address, destination.port, protocol), destination.address);
    lines.push(`  -> ${name.padEnd(NAME_WIDTH)}${formatDestinationColumns(destination, options)}\n`);
  }
  return lines.join('');
}

function cut(name: string, address: string): string {
  return address.includes(':') ? name : name.slice(0, NAME_WIDTH);
}

function formatServiceLine(
  service: ServiceListing,
  options: ListOptions,
  formatName: EndpointFormatter,
): string {
  const name = serviceName(service, formatName);
  if (options.format === 'stats' || options.format === 'rate') {
    const { connections, inPackets, outPackets, inBytes, outBytes } =
      options.format === 'stats' ? service.counters : service.rates;
    return `${name.padEnd(SERVICE_WIDTH)}${[connections, inPackets, outPackets, inBytes, outBytes]
      .map((value) => formatLargeNumber(value, options.isExact))
      .join('')}\n`;
  }
  return `${name} ${service.scheduler}${serviceFlags(service)}\n`;
}

function serviceName({ key }: ServiceListing, formatName: EndpointFormatter): string {
  // ipvsadm prints a mark as a signed number.
  if (key.kind === 'fwmark') return `FWM  ${key.mark | 0}${key.family === 6 ? ' IPv6' : ''}`;
  const name = cut(formatName(key.address, key.port, key.protocol), key.address);
  return `${key.protocol.toUpperCase().padEnd(4)} ${name}`;
}

function serviceFlags(service: ServiceListing): string {
  let text = '';
  if (service.schedulerFlags !== 0) {
    text += ` (${formatSchedulerFlags(service.scheduler, service.schedulerFlags)})`;
  }
  if (service.persistence !== null) {
    const { timeoutSeconds, netmask } = service.persistence;
    text += ` persistent ${timeoutSeconds}${formatNetmask('mask', netmask, serviceFamily(service))}`;
    if (service.persistenceEngine !== null) text += ` pe ${service.persistenceEngine}`;
  }
  if (service.isOnePacket) text += ' ops';
  return text + formatOwnFlags(service);
}

/** The family of the clients of a service. */
export function serviceFamily({ key }: ServiceListing): 4 | 6 {
  if (key.kind === 'fwmark') return key.family;
  return key.address.includes(':') ? 6 : 4;
}

function formatDestinationColumns(destination: DestinationListing, options: ListOptions): string {
  const { counters, rates, weight } = destination;
  const large = (value: number) => formatLargeNumber(value, options.isExact);
  const active = pad(destination.activeConnections, 10);
  const inactive = pad(destination.inactiveConnections, 10);
  const forwarding = pad(FORWARDING_NAMES[destination.forwarding], 7);
  switch (options.format) {
    case 'stats':
      return [
        counters.connections,
        counters.inPackets,
        counters.outPackets,
        counters.inBytes,
        counters.outBytes,
      ]
        .map(large)
        .join('');
    case 'rate':
      // Connections and packets of a destination are never scaled, those of a service are.
      return (
        [rates.connections, rates.inPackets, rates.outPackets]
          .map((value) => ` ${String(value).padStart(8)}`)
          .join('') +
        large(rates.inBytes) +
        large(rates.outBytes)
      );
    case 'thresholds':
      return `${pad(destination.upperThreshold, 10)}${pad(destination.lowerThreshold, 10)}${active}${inactive}`;
    case 'persistent-conn':
      return `${pad(weight, 9)}${pad(destination.persistentConnections, 11)}${active}${inactive}`;
    case 'tun-info':
      return `${forwarding}${pad(formatTunnelInfo(destination.tunnel), 13)}${pad(weight, 6)}${active}${inactive}`;
    default:
      return `${forwarding}${pad(weight, 6)}${active}${inactive}`;
  }
}

/** A blank and a left-justified column. */
function pad(value: number | string, width: number): string {
  return ` ${String(value).padEnd(width)}`;
}
