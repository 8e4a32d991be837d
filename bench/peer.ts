import type { Lab } from '../test/lab/lab.js';
import type { UipvsProcess } from '../test/lab/uipvs-process.js';

/** What a trial wants balanced: one port of the virtual address, and the real servers behind the same port. */
export interface Service {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** IPv4 addresses of real servers, in the order they are configured. */
  readonly servers: readonly string[];
}

/** What a trial wants of uipvs besides; other peers have no such thing, and no turn in a trial that wants it. */
export interface UipvsWishes {
  /** As `uipvsadm -s` takes it. Default rr, which is what the other peers do. */
  readonly scheduler?: string;
  /** Of every destination. Default 1. */
  readonly weight?: number;
  /** More arguments of uipvsd. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A peer at work. */
export interface Balancer {
  /** The address for the client to use. */
  readonly target: string;
  /** The daemon; null for the other peers. */
  readonly uipvs: UipvsProcess | null;
}

/** One way to get a client's packets to real servers, measured beside the others. One file a peer. */
export interface Peer {
  /** As in `--peers`. */
  readonly name: string;
  /** As in tables and charts. */
  readonly title: string;
  readonly isUipvs: boolean;
  /** One line for the reader of the results: what runs, with which settings that are not defaults. */
  readonly description: string;
  /** Programs it needs on the PATH. */
  readonly programs: readonly string[];
  readonly protocols: readonly Service['protocol'][];
  /**
   * Make the director of a fresh lab balance `service`. Throws ENOTSUP when this peer cannot run here at all: then it
   * has no further turn, and the results say so.
   */
  start(lab: Lab, service: Service, wishes: UipvsWishes): Promise<Balancer>;
}
