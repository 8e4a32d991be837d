import { formatEndpoint } from '../net/endpoint.js';
import type { DestinationKey, ServiceKey } from './specification.js';

/** What messages call a service, one text for every key: `TCP 10.9.0.1:80`, `FWM 5`, `FWM 5 IPv6`. */
export function serviceName(key: ServiceKey): string {
  if (key.kind === 'address') return `${key.protocol.toUpperCase()} ${formatEndpoint(key.address, key.port)}`;
  return key.family === 6 ? `FWM ${key.mark} IPv6` : `FWM ${key.mark}`;
}

/** What messages call a destination: `10.1.0.11:80`. */
export function destinationName(key: DestinationKey): string {
  return formatEndpoint(key.address, key.port);
}
