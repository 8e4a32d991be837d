import type { DestinationTraits, ServiceTraits } from './data-plane.js';
import type { DestinationSpec, ServiceSpec } from './specification.js';

/** What the data plane needs to know of a service beyond its key. */
export function serviceTraits(spec: ServiceSpec): ServiceTraits {
  const { isOnePacket, persistence, persistenceEngine, masquerade, clientAddress } = spec;
  return { isOnePacket, persistence, persistenceEngine, masquerade, clientAddress };
}

/** What the data plane needs to know of a destination beyond its place. */
export function destinationTraits(spec: DestinationSpec): DestinationTraits {
  const { weight, upperThreshold, lowerThreshold } = spec;
  return { isQuiesced: weight === 0, upperThreshold, lowerThreshold };
}
