import type { Lab } from '../test/lab/lab.js';
import type { Balancer, Service, UipvsWishes } from './peer.js';

/** More figures of a sample, by name with unit: `p99Microseconds`. */
export type Details = Readonly<Record<string, number>>;

/** What one load of a trial measured. */
export interface Measurement {
  /** The trial's figure, in its unit. */
  readonly value: number;
  /** How many operations were done: what processor time is divided by. */
  readonly operations: number;
  readonly details: Details;
  /** Why the measurement is not to be used, such as failed connections; empty when it is good. */
  readonly faults: readonly string[];
}

/** Trials that differ in one thing only: interleaved with one another, and shown in one chart. */
export interface Family {
  readonly name: string;
  readonly title: string;
  /** What this trial of the family differs in: `64 B`. */
  readonly label: string;
  /** Whether the labels are quantities, in their order: then a chart joins them. */
  readonly isOrdered: boolean;
}

/** One kind of work, the same for every peer. One file a trial, or a family of trials. */
export interface Trial {
  /** As in `--only`. */
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  /** What processor time is counted for. */
  readonly operation:
    | 'connection'
    | 'datagram'
    | 'megabyte'
    | 'message'
    | 'packet'
    | 'request'
    | 'round trip';
  readonly family?: Family;
  readonly service: Service;
  /** Only uipvs has turns, and it is to be as wished. */
  readonly uipvs?: UipvsWishes;
  /** Names of the peers that have turns unless `--peers` says otherwise. Default: all. */
  readonly usualPeers?: readonly string[];
  /**
   * `essential`: the figure is wrong without one, so that a quick run has it too. `own`: the load has one in itself.
   * Default: only in a run that is not quick.
   */
  readonly warmUp?: 'essential' | 'own';
  /** Programs it needs on the PATH. */
  readonly programs: readonly string[];
  /** Start the real servers of a fresh lab; they listen when this returns. */
  serve(lab: Lab): Promise<void>;
  /** Bring the balancer into the state that is to be measured; what that showed joins the details. */
  prepare?(lab: Lab, balancer: Balancer): Promise<Details>;
  /** Load the balancer from the client for about `seconds`. Throws when the load could not be made at all. */
  load(lab: Lab, balancer: Balancer, seconds: number): Promise<Measurement>;
}
