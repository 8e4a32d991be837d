/**
 * What the IPVS model needs of the data plane. The engine implements it over shared memory.
 *
 * Service and destination ids are small integers handed out by the model; they are what connection records name, so
 * an id is given to another destination only after its active, inactive and persistent connections have reached 0.
 */
import type { Family } from '../net/family.js';
import type { Timeouts } from './listing.js';
import type { ServiceKey } from './specification.js';

/** Raw totals of one destination since its id was first used; bytes are whole IP packets. */
export interface RawCounters {
  connections: number;
  inPackets: number;
  outPackets: number;
  inBytes: number;
  outBytes: number;
}

export interface Accounting {
  /** Connections in an active state (TCP: ESTABLISHED, SYN_SENT, SYN_RECV, SYNACK), decided-but-not-yet-created ones included. */
  activeConnections(destinationId: number): number;
  /** All other connections; UDP is always here. */
  inactiveConnections(destinationId: number): number;
  /** Persistence templates. */
  persistentConnections(destinationId: number): number;
  readCounters(destinationId: number, into: RawCounters): void;
}

export interface DataPlane extends Accounting {
  readonly maxServices: number;
  readonly maxDestinations: number;
  addService(serviceId: number, key: ServiceKey): void;
  /**
   * All its destinations have been made unavailable before. They may outlive it, and become available again after
   * `addService` of the same id and key.
   */
  removeService(serviceId: number): void;
  /** `address` in canonical text form. The destination is available from now on. */
  addDestination(
    destinationId: number,
    serviceId: number,
    family: Family,
    address: string,
    port: number,
  ): void;
  /** An unavailable destination's packets are dropped silently, as in kernel IPVS with expire_nodest_conn=0. */
  setDestinationAvailable(destinationId: number, isAvailable: boolean): void;
  /** Call only when no connection refers to the id any more. Zeroes its counters. */
  removeDestination(destinationId: number): void;
  /** Seconds, every one above 0; for packets that arrive from now on, of known connections too. */
  setTimeouts(timeouts: Timeouts): void;
}
