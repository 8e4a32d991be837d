/** Carries out one request on the model, and says how to take it back should the host refuse. */
import { UipvsError } from '../base/error.js';
import type { Outcome } from '../control/outcome.js';
import type { Change, Request } from '../control/protocol.js';
import type { Director } from '../ipvs/director.js';
import type { ConnectionListing, Info } from '../ipvs/listing.js';
import { carryOut, type Inverse, inverseOf, rehearse } from './batch.js';
import type { StateEntry } from './state-entry.js';
import { inSteps } from './steps.js';

/** The version of kernel IPVS that is mirrored and the size it shows for its default table (ip_vs.conn_tab_bits=12). */
export const INFO: Info = { version: '1.2.1', connectionTableSize: 4096 };

export interface Run {
  readonly outcome: Outcome;
  /** Set for what takes new addresses into use: only that can be refused by the host. Never throws. */
  readonly undo?: () => void;
}

/** What is asked of the engine itself. */
interface EngineView {
  connections(): Iterable<readonly ConnectionListing[]>;
  workerCounters(): Readonly<Record<string, number>>;
}

/** Of no destination: one that was just added has another. */
const NO_ID = 0;
const DONE: Run = { outcome: { result: null } };

export class CommandRunner {
  readonly #director: Director;
  readonly #engine: EngineView;
  readonly #note: (entry: StateEntry) => void;

  /** @param note writes down a change that was made, before a packet can meet it */
  constructor(director: Director, engine: EngineView, note: (entry: StateEntry) => void) {
    this.#director = director;
    this.#engine = engine;
    this.#note = note;
  }

  /**
   * At once, or in steps where it takes long: then no other may be run before it has ended. Throws UipvsError where the
   * model refuses; nothing has changed then.
   */
  run(request: Request): Run | Promise<Run> {
    const director = this.#director;
    switch (request.op) {
      case 'info':
        return { outcome: { result: INFO } };
      case 'list':
        return { outcome: { pieces: director.figures.listPieces(request.key) } };
      case 'connections':
        return { outcome: { pieces: this.#engine.connections() } };
      case 'timeouts':
        return { outcome: { result: director.timeouts } };
      case 'set-timeouts':
        director.setTimeouts(request.timeouts);
        this.#note(request);
        return DONE;
      case 'sysctls':
        return { outcome: { result: director.sysctls() } };
      case 'drops':
        return { outcome: { result: this.#engine.workerCounters() } };
      case 'set-sysctl':
        director.setSysctl(request.name, request.value);
        this.#note(request);
        return DONE;
      case 'stop-sync-daemon':
        throw new UipvsError('ESRCH', `There is no ${request.role} sync daemon`);
      case 'flush':
        // As soon as it has begun it will be done.
        this.#note(request);
        return inSteps(director.flushing()).then(() => DONE);
      case 'batch':
        return this.#runBatch(request.requests);
      case 'zero':
        if (request.key === undefined) return inSteps(director.figures.zeroing()).then(() => DONE);
        director.figures.zero(request.key);
        return DONE;
      case 'add-service':
      case 'edit-service':
      case 'add-destination': {
        const undoing = inverseOf(director, request);
        this.#note(this.#carryOut(request));
        return { ...DONE, undo: () => this.#takeBack(undoing) };
      }
      default:
        this.#note(this.#carryOut(request));
        return DONE;
    }
  }

  /** What is to be written down of it. */
  #carryOut(change: Change, place = 0): StateEntry {
    carryOut(this.#director, change, place);
    if (change.op !== 'add-destination') return change;
    const { key, destination } = change;
    const id = this.#director.findService(key)?.find(destination)?.id ?? NO_ID;
    return { op: 'add-destination', key, destination, id, place };
  }

  /** All of it or, where one is refused, none. */
  #runBatch(changes: readonly Change[]): Run {
    rehearse(this.#director, changes);
    const undoings: (readonly Inverse[])[] = [];
    const entries: StateEntry[] = [];
    for (const change of changes) {
      undoings.push(inverseOf(this.#director, change));
      entries.push(this.#carryOut(change));
    }
    this.#note({ op: 'batch', entries });
    return { ...DONE, undo: () => this.#takeBack(undoings.reverse().flat()) };
  }

  /** Somebody else may have deleted meanwhile what is to be taken back: then it is gone, which is what was wanted. */
  #takeBack(undoing: readonly Inverse[]): void {
    for (const { change, place } of undoing) {
      try {
        this.#note(this.#carryOut(change, place));
      } catch (thrown) {
        if (!(thrown instanceof UipvsError)) throw thrown;
      }
    }
  }
}
