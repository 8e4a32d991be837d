import type { Lab } from '../test/lab/lab.js';

/** What a trial wants balanced: one port of the virtual address, and the real servers behind the same port. */
export interface Service {
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  /** IPv4 addresses of real servers, in the order they are configured. */
  readonly servers: readonly string[];
}

/** One way to get a client's packets to real servers, measured beside the others. One file a peer. */
export interface Peer {
  /** As in `--peers`. */
  readonly name: string;
  /** One line for the reader of the results: what runs, with which settings that are not defaults. */
  readonly description: string;
  /** Programs it needs on the PATH. */
  readonly programs: readonly string[];
  readonly protocols: readonly Service['protocol'][];
  /** Make the director of a fresh lab balance `service`; gives back the address for the client to use. */
  start(lab: Lab, service: Service): Promise<string>;
}
