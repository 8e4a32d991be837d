/**
 * What the IPVS model needs of the data plane. The engine implements it over shared memory.
 *
 * Service and destination ids are small integers handed out by the model; they are what connection records name, so
 * an id is given to another destination only after its active, inactive and persistent connections have reached 0.
 */
import type { Family } from '../net/family.js';
import type { Timeouts } from './listing.js';
import type { ClientAddressMethod, Masquerade, Persistence, ServiceKey } from './specification.js';

/** Raw totals of one destination since its id was first used; bytes are whole IP packets. */
export interface RawCounters {
  connections: number;
  inPackets: number;
  outPackets: number;
  inBytes: number;
  outBytes: number;
}

/** What the data plane does by itself with a service's packets. */
export interface ServiceTraits {
  /** UDP: every datagram is a connection of its own. */
  readonly isOnePacket: boolean;
  /** A packet of a client that has a valid template goes where the template says, without an upcall. */
  readonly persistence: Persistence | null;
  /**
   * What makes templates of packets besides the client's address, together with `persistence` only: packets that it
   * can make nothing of are dropped. Source: ip_vs_core.c, ip_vs_sched_persist; ip_vs_pe_sip.c.
   */
  readonly persistenceEngine: string | null;
  /** Towards the real server the source becomes an address of the director's. */
  readonly masquerade: Masquerade | null;
  /** TCP packets only. */
  readonly clientAddress: ClientAddressMethod | null;
}

/** What the data plane needs to know of a destination beyond its place. */
export interface DestinationTraits {
  /** Weight 0: matters to templates where expire_quiescent_template, to connections where expire_nodest_conn is set. */
  readonly isQuiesced: boolean;
  /** 0: no threshold. */
  readonly upperThreshold: number;
  readonly lowerThreshold: number;
}

/** The sysctls that the data plane follows, and the state of the defence against overload. Source: ip_vs_ctl.c. */
export interface PacketPolicy {
  /** Bit 0: a SYN on a closed connection begins a new one. Bit 1 concerns forwarding without masquerading only. */
  readonly connReuseMode: number;
  readonly expireNodestConn: boolean;
  readonly expireQuiescentTemplate: boolean;
  readonly sloppyTcp: boolean;
  readonly sloppySctp: boolean;
  /** The defence is on now, whatever the mode: the tcp_states_dos table rules. */
  readonly isSecureTcp: boolean;
  /** Every dropRate-th packet that would begin a connection is dropped; 0: none. */
  readonly dropRate: number;
  /** The defence is on now: once a second a 32nd of the table is searched for connections to give up. */
  readonly dropsEntries: boolean;
  /** A packet from where a destination is, but of no known connection, is answered with an ICMP port unreachable. */
  readonly natIcmpSend: boolean;
  /** An ICMP error to a VIP about a packet of no known connection is scheduled as that packet would be. */
  readonly scheduleIcmp: boolean;
}

export interface Accounting {
  /** Connections in an active state (TCP: ESTABLISHED, SYN_SENT, SYN_RECV, SYNACK), decided-but-not-yet-created ones included. */
  activeConnections(destinationId: number): number;
  /** All other connections; UDP is always here. */
  inactiveConnections(destinationId: number): number;
  /** Persistence templates. */
  persistentConnections(destinationId: number): number;
  readCounters(destinationId: number, into: RawCounters): void;
  /**
   * Whether the destination was at its upper threshold and its connections have not become few enough since: fewer than
   * the lower threshold or, without one, fewer than three quarters of the upper one. The data plane clears it whenever a
   * connection ends, and sets it whenever it makes a connection without being told to (a template's); the model sets it
   * when it chooses. Source: ip_vs_conn.c, ip_vs_bind_dest and ip_vs_unbind_dest.
   */
  isOverloaded(destinationId: number): boolean;
  setOverloaded(destinationId: number, isOverloaded: boolean): void;
}

export interface DataPlane extends Accounting {
  readonly maxServices: number;
  readonly maxDestinations: number;
  addService(serviceId: number, key: ServiceKey, traits: ServiceTraits): void;
  /** For packets from now on; templates and connections keep what they were made with. */
  setServiceTraits(serviceId: number, traits: ServiceTraits): void;
  /**
   * All its destinations have been made unavailable before. They may outlive it, and become available again after
   * `addService` of the same id and key.
   */
  removeService(serviceId: number): void;
  /** `address` in canonical text form. The destination is available from now on; it is not overloaded. */
  addDestination(
    destinationId: number,
    serviceId: number,
    family: Family,
    address: string,
    port: number,
    traits: DestinationTraits,
  ): void;
  setDestinationTraits(destinationId: number, traits: DestinationTraits): void;
  /** An unavailable destination's packets are dropped silently, as in kernel IPVS with expire_nodest_conn=0. */
  setDestinationAvailable(destinationId: number, isAvailable: boolean): void;
  /** Call only when no connection refers to the id any more. Zeroes its counters. */
  removeDestination(destinationId: number): void;
  /** Seconds, every one above 0; for packets that arrive from now on, of known connections too. */
  setTimeouts(timeouts: Timeouts): void;
  setPolicy(policy: PacketPolicy): void;
}
