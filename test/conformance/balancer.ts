import type { Endpoint } from '../../src/net/endpoint.js';
import type { ExecResult } from '../lab/exec.js';
import type { Protocol } from './scenario.js';

/** The load balancer under observation, in the director's namespace of a lab. */
export interface Balancer {
  /** Make an address a virtual one. */
  addVip(address: string): Promise<void>;
  /** Run its ipvsadm; `input` is the standard input, empty by default. */
  adm(words: readonly string[], input?: string): Promise<ExecResult>;
  /** Read (null) or write a setting of net.ipv4.vs as sysctl(8) does. */
  sysctl(name: string, value: string | null): Promise<ExecResult>;
  /** The text of a file of /proc/net. */
  proc(name: string): Promise<string>;
  /** Give packets of the client to `target` the firewall mark `mark`. */
  mark(mark: number, protocol: Protocol, target: Endpoint): Promise<void>;
  /** Returns when it has thought about the packets that have reached it, however busy this machine is. */
  settle(): Promise<void>;
  /** Throws when it does not end as it should. */
  stop(): Promise<void>;
}
