import type { Lab } from '../test/lab/lab.js';
import type { Service } from './peer.js';

/** What one load of a trial measured. */
export interface Measurement {
  /** The trial's figure, in its unit. */
  readonly value: number;
  /** How many operations were done: what processor time is divided by. */
  readonly operations: number;
  /** More figures of the same load, by name with unit: `p99Microseconds`. */
  readonly details: Readonly<Record<string, number>>;
  /** Why the measurement is not to be used, such as failed connections; empty when it is good. */
  readonly faults: readonly string[];
}

/** One kind of work, the same for every peer. One file a trial. */
export interface Trial {
  /** As in `--only`. */
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'more' | 'less';
  /** What processor time is counted for. */
  readonly operation: 'connection' | 'datagram' | 'megabyte' | 'request' | 'round trip';
  readonly service: Service;
  /** Programs it needs on the PATH. */
  readonly programs: readonly string[];
  /** Start the real servers of a fresh lab; they listen when this returns. */
  serve(lab: Lab): Promise<void>;
  /** Load `target` from the client for about `seconds`. Throws when the load could not be made at all. */
  load(lab: Lab, target: string, seconds: number): Promise<Measurement>;
}
