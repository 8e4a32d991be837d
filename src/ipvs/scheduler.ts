/**
 * The scheduler contract. One object a scheduler; the kernel's counterpart is struct ip_vs_scheduler
 * (net/netfilter/ipvs/ip_vs_<name>.c), of which only `name` and `schedule` are required here too.
 */
import type { Family } from '../net/family.js';

/** The first packet's flow. Valid only during the call: the engine reuses one object for every upcall. */
export interface FiveTuple {
  readonly family: Family;
  /** IP protocol number: 6 TCP, 17 UDP, 132 SCTP. */
  readonly protocol: number;
  /** Addresses as 32-bit words in host order, most significant first: one word for IPv4, four for IPv6. */
  readonly sourceWords: Uint32Array;
  readonly destinationWords: Uint32Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

/** A destination as a scheduler sees it. Live: every read is the present value. */
export interface SchedulableDestination {
  readonly address: string;
  readonly port: number;
  /** 0 is quiesced: never chosen. */
  readonly weight: number;
  /**
   * The weight it was added with or, once an edit gave it one above 0, the latest of these: what remains of the weight
   * while it is quiesced. Source: net/ip_vs.h, struct ip_vs_dest, last_weight.
   */
  readonly lastWeight: number;
  /** Over its upper threshold: never chosen, but for a scheduler that says so. */
  readonly isOverloaded: boolean;
  readonly activeConnections: number;
  readonly inactiveConnections: number;
}

export interface SchedulableService<State> {
  /** Of its virtual address or firewall mark. A tunneling destination may be of the other one. */
  readonly family: Family;
  /** Newest first, as the kernel keeps them. Frozen. */
  readonly destinations: readonly SchedulableDestination[];
  /** Bit set of SCHEDULER_FLAG_1..3. */
  readonly schedulerFlags: number;
  /** What `init` returned. */
  readonly state: State;
}

export interface Scheduler<State = unknown> {
  /** The name on the ipvsadm command line. */
  readonly name: string;
  /** Whether `schedule` may answer an overloaded destination, as lblc does for one in its cache. */
  readonly mayChooseOverloaded?: boolean;
  /**
   * A call of `schedule` that takes longer, in milliseconds, is counted and told, and the service goes without the
   * scheduler for a while; where it is not set, nobody looks.
   */
  readonly timeLimitMs?: number;
  /** Called when a service takes this scheduler; `service.state` is not there yet. */
  init?(service: Omit<SchedulableService<State>, 'state'>): State;
  /**
   * After `destination` was put into the list; `index` is where: the head, 0, but where a deletion that the host refused
   * is taken back.
   */
  destinationAdded?(
    service: SchedulableService<State>,
    destination: SchedulableDestination,
    index: number,
  ): void;
  /** After `destination` was taken out; `index` is where it was. */
  destinationRemoved?(
    service: SchedulableService<State>,
    destination: SchedulableDestination,
    index: number,
  ): void;
  /** After weight or thresholds of `destination` changed. */
  destinationEdited?(service: SchedulableService<State>, destination: SchedulableDestination): void;
  /** The destination for a new connection, or undefined where none can take it. */
  schedule(service: SchedulableService<State>, flow: FiveTuple): SchedulableDestination | undefined;
}
