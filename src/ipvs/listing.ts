/** What the director tells about its services, destinations and connections. */
import type { DestinationSpec, ServiceSpec } from './specification.js';

/** Counters since the last zero; bytes are whole IP packets. */
export interface Counters {
  readonly connections: number;
  readonly inPackets: number;
  readonly outPackets: number;
  readonly inBytes: number;
  readonly outBytes: number;
}

/** Per second, rounded as the kernel's estimator does. */
export interface Rates {
  readonly connections: number;
  readonly inPackets: number;
  readonly outPackets: number;
  readonly inBytes: number;
  readonly outBytes: number;
}

export interface DestinationListing extends DestinationSpec {
  readonly activeConnections: number;
  readonly inactiveConnections: number;
  readonly persistentConnections: number;
  readonly counters: Counters;
  readonly rates: Rates;
}

export interface ServiceListing extends ServiceSpec {
  readonly counters: Counters;
  readonly rates: Rates;
  /** Newest first, the kernel's own order. */
  readonly destinations: readonly DestinationListing[];
}

/** What is listed of a service itself. */
export type ServiceHead = Omit<ServiceListing, 'destinations'>;

/**
 * A piece of a listing: a service with as many of its destinations as there was room for, or more destinations of the
 * service before it.
 */
export type ListItem = ServiceListing | { readonly more: readonly DestinationListing[] };

/** A service and its destinations for those who need a few figures of many: nothing is copied. */
export interface ServiceFigures extends ServiceHead {
  /** Newest first; the figures are live. */
  readonly destinations: readonly DestinationFigures[];
}

export type DestinationFigures = Pick<
  DestinationListing,
  'address' | 'port' | 'forwarding' | 'weight' | 'activeConnections' | 'inactiveConnections'
>;

/** All services together, deleted ones included: what /proc/net/ip_vs_stats shows. */
export interface Totals {
  readonly counters: Counters;
  readonly rates: Rates;
}

/** Seconds. In a set request 0 keeps the present value. */
export interface Timeouts {
  readonly tcp: number;
  readonly tcpFin: number;
  readonly udp: number;
}

/** A connection, or a persistence template: that has client port 0, and the state NONE or ASSURED. */
export interface ConnectionListing {
  /** TCP, UDP, SCTP; IP for the template of a firewall-mark service. */
  readonly protocol: string;
  /** The kernel's state name: ESTABLISHED, SYN_RECV, UDP, ... */
  readonly state: string;
  readonly expiresSeconds: number;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly virtualAddress: string;
  readonly virtualPort: number;
  readonly realAddress: string;
  readonly realPort: number;
  /** Of a template that a persistence engine made: its name. Absent or null for all others, as is the next. */
  readonly persistenceEngine?: string | null;
  /** What the engine took from the packet: the Call-ID of SIP. */
  readonly persistenceData?: string | null;
}

/** What the header of a listing says. */
export interface Info {
  /** The IPVS version that uipvs mirrors: "1.2.1". */
  readonly version: string;
  readonly connectionTableSize: number;
}

/** One setting of net.ipv4.vs, its value as /proc/sys shows it. */
export interface SysctlListing {
  readonly name: string;
  readonly value: string;
}

/** A deleted destination that still holds its id, and the service it was deleted from. */
export interface Discarded {
  readonly service: ServiceSpec;
  readonly destination: DestinationSpec;
  readonly id: number;
}
