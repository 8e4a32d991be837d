/** Listings with the values that do not matter filled in. */
import type { Counters, DestinationListing, ServiceListing } from '../../src/ipvs/listing.js';
import type { ServiceKey } from '../../src/ipvs/specification.js';

export const NO_TRAFFIC: Counters = { connections: 0, inPackets: 0, outPackets: 0, inBytes: 0, outBytes: 0 };

export function destination(
  address: string,
  port: number,
  values: Partial<DestinationListing> = {},
): DestinationListing {
  return {
    address,
    port,
    forwarding: 'masquerading',
    tunnel: null,
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    activeConnections: 0,
    inactiveConnections: 0,
    persistentConnections: 0,
    counters: NO_TRAFFIC,
    rates: NO_TRAFFIC,
    ...values,
  };
}

export function service(
  key: ServiceKey,
  values: Partial<ServiceListing>,
  destinations: readonly DestinationListing[],
): ServiceListing {
  return {
    key,
    scheduler: 'wlc',
    schedulerFlags: 0,
    isOnePacket: false,
    persistence: null,
    persistenceEngine: null,
    masquerade: null,
    clientAddress: null,
    counters: NO_TRAFFIC,
    rates: NO_TRAFFIC,
    ...values,
    destinations,
  };
}
