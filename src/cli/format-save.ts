/** The lines of `-S`, which `-R` reads, that of ipvsadm too but for options of ours. */
import type { DestinationListing, ServiceListing } from '../ipvs/listing.js';
import type { ForwardingMethod } from '../ipvs/specification.js';
import { serviceFamily } from './format-list.js';
import type { EndpointFormatter } from './name-book.js';
import { formatNetmask } from './netmask.js';
import { formatOwnOptions } from './own-service-option.js';
import { formatSchedulerFlags } from './scheduler-flag.js';
import { formatTunnelOptions } from './tunnel.js';

const FORWARDING_OPTIONS: Readonly<Record<ForwardingMethod, string>> = {
  masquerading: '-m',
  // A destination that is an address of the director is reached by masquerading too.
  local: '-m',
  tunneling: '-i',
  'direct-routing': '-g',
};

/** A service and its destinations as commands, in the order given. */
export function formatSavedService(
  service: ServiceListing,
  destinations: readonly DestinationListing[],
  formatName: EndpointFormatter,
): string {
  const name = savedServiceName(service, formatName);
  const protocol = service.key.kind === 'address' ? service.key.protocol : undefined;
  const lines = [`-A ${name} -s ${service.scheduler}${savedServiceOptions(service)}\n`];
  for (const destination of destinations) {
    const server = formatName(destination.address, destination.port, protocol);
    const method = `${FORWARDING_OPTIONS[destination.forwarding]} -w ${destination.weight}`;
    const options = `${formatTunnelOptions(destination.tunnel)}${savedThresholds(destination)}`;
    lines.push(`-a ${name} -r ${server} ${method}${options}\n`);
  }
  return lines.join('');
}

/** Differs from ipvsadm, which does not save thresholds, so that a restore loses them. */
function savedThresholds({ upperThreshold, lowerThreshold }: DestinationListing): string {
  const upper = upperThreshold === 0 ? '' : ` -x ${upperThreshold}`;
  return lowerThreshold === 0 ? upper : `${upper} -y ${lowerThreshold}`;
}

function savedServiceName({ key }: ServiceListing, formatName: EndpointFormatter): string {
  // Differs from ipvsadm: a mark above 2^31-1 is not written as a negative number, because -R refuses that.
  if (key.kind === 'fwmark') return `-f ${key.mark}${key.family === 6 ? ' -6' : ''}`;
  const option = { tcp: '-t', udp: '-u', sctp: '--sctp-service' }[key.protocol];
  return `${option} ${formatName(key.address, key.port, key.protocol)}`;
}

function savedServiceOptions(service: ServiceListing): string {
  let text = '';
  if (service.persistence !== null) {
    const { timeoutSeconds, netmask } = service.persistence;
    text += ` -p ${timeoutSeconds}${formatNetmask('-M', netmask, serviceFamily(service))}`;
  }
  if (service.persistenceEngine !== null) text += ` --pe ${service.persistenceEngine}`;
  if (service.isOnePacket) text += ' -o';
  // Differs from ipvsadm: flags that have no name leave no empty -b behind, because -R refuses that.
  const flags = formatSchedulerFlags(service.scheduler, service.schedulerFlags);
  if (flags !== '') text += ` -b ${flags}`;
  return text + formatOwnOptions(service);
}
