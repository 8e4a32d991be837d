/** Carries out one request on the model, and says how to take it back should the host refuse. */
import { UipvsError } from '../base/error.js';
import type { Outcome } from '../control/outcome.js';
import type { Change, Request } from '../control/protocol.js';
import type { Director } from '../ipvs/director.js';
import type { ConnectionListing, Info } from '../ipvs/listing.js';
import { carryingOut, carryOut, type Inverse, inverseOf, rehearsing } from './batch.js';
import { BatchLine } from './entry-lines.js';
import type { StateEntry } from './state-entry.js';
import { inSlices, inSteps } from './steps.js';

/** The version of kernel IPVS that is mirrored and the size it shows for its default table (ip_vs.conn_tab_bits=12). */
export const INFO: Info = { version: '1.2.1', connectionTableSize: 4096 };

/** Any but a sequence, which is several. */
export type SingleRequest = Exclude<Request, { readonly op: 'sequence' }>;

export interface Run {
  readonly outcome: Outcome;
  /** Set for what takes new addresses into use: only that can be refused by the host. Never throws. */
  readonly undo?: () => void;
}

/** What is asked of the engine itself. */
interface EngineView {
  connections(): Iterable<readonly ConnectionListing[]>;
  workerCounters(): Readonly<Record<string, number>>;
  /** New connections wait until `admitNew`. */
  holdNew(): void;
  admitNew(): void;
}

/** Where changes that were made are written down. */
export interface Notebook {
  /** Before this turn of the event loop ends. */
  note(entry: StateEntry): void;
  /** At once. */
  noteBatch(batch: BatchLine): void;
}

/** Of no destination: one that was just added has another. */
const NO_ID = 0;
const DONE: Run = { outcome: { result: null } };

export class CommandRunner {
  readonly #director: Director;
  readonly #engine: EngineView;
  readonly #notebook: Notebook;

  /** @param notebook is told of a change before a packet can meet it */
  constructor(director: Director, engine: EngineView, notebook: Notebook) {
    this.#director = director;
    this.#engine = engine;
    this.#notebook = notebook;
  }

  /**
   * At once, or in steps where it takes long: then no other may be run before it has ended. Throws UipvsError where the
   * model refuses; nothing has changed then.
   */
  run(request: SingleRequest): Run | Promise<Run> {
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
        this.#notebook.note(request);
        return DONE;
      case 'sysctls':
        return { outcome: { result: director.sysctls() } };
      case 'drops':
        return {
          outcome: {
            result: {
              ...this.#engine.workerCounters(),
              scheduler_errors: director.schedulerTroubles.count,
            },
          },
        };
      case 'set-sysctl':
        director.setSysctl(request.name, request.value);
        this.#notebook.note(request);
        return DONE;
      case 'stop-sync-daemon':
        throw new UipvsError('ESRCH', `There is no ${request.role} sync daemon`);
      case 'flush':
        // As soon as it has begun it will be done.
        this.#notebook.note(request);
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
        this.#notebook.note(this.#carryOut(request));
        return { ...DONE, undo: () => this.#takeBack(undoing) };
      }
      default:
        this.#notebook.note(this.#carryOut(request));
        return DONE;
    }
  }

  /**
   * Carries out one of several changes. Throws as `run`.
   *
   * @returns what `takeBack` needs to know; null: nothing
   */
  change(change: Exclude<Change, { readonly op: 'flush' }>): readonly Inverse[] | null {
    const before = change.op === 'edit-service' ? inverseOf(this.#director, change) : null;
    this.#notebook.note(this.#carryOut(change));
    return before;
  }

  /** Takes back what `change` has carried out and the host refuses. Never throws. */
  takeBack(change: Change, before: readonly Inverse[] | undefined): void {
    const isAddition = change.op === 'add-service' || change.op === 'add-destination';
    this.#takeBack(isAddition ? inverseOf(this.#director, change) : (before ?? []));
  }

  /** What is to be written down of it. */
  #carryOut(change: Change, place = 0): StateEntry {
    carryOut(this.#director, change, place);
    return this.#entryOf(change, place);
  }

  /** Of a change that was carried out. */
  #entryOf(change: Change, place = 0): StateEntry {
    if (change.op !== 'add-destination') return change;
    const { key, destination } = change;
    const id = this.#director.findService(key)?.find(destination)?.id ?? NO_ID;
    return { op: 'add-destination', key, destination, id, place };
  }

  /** All of it or, where one is refused, none. New connections wait while the changes are made, not before. */
  async #runBatch(changes: readonly Change[]): Promise<Run> {
    await inSlices(rehearsing(this.#director, changes));
    const undoings: (readonly Inverse[])[] = [];
    const batch = new BatchLine();
    this.#engine.holdNew();
    try {
      await inSlices(this.#making(changes, batch, undoings));
      this.#notebook.noteBatch(batch);
    } catch (thrown) {
      // Not what a rehearsal finds out: the data plane itself has failed.
      this.#notebook.noteBatch(batch);
      this.#takeBack(undoings.reverse().flat());
      throw thrown;
    } finally {
      this.#engine.admitNew();
    }
    return { ...DONE, undo: () => this.#takeBack(undoings.reverse().flat()) };
  }

  *#making(changes: readonly Change[], batch: BatchLine, undoings: (readonly Inverse[])[]): Generator<void> {
    for (const change of changes) {
      const undoing = inverseOf(this.#director, change);
      yield* carryingOut(this.#director, change);
      batch.add(this.#entryOf(change));
      undoings.push(undoing);
      yield;
    }
  }

  /** Somebody else may have deleted meanwhile what is to be taken back: then it is gone, which is what was wanted. */
  #takeBack(undoing: readonly Inverse[]): void {
    for (const { change, place } of undoing) {
      try {
        this.#notebook.note(this.#carryOut(change, place));
      } catch (thrown) {
        if (!(thrown instanceof UipvsError)) throw thrown;
      }
    }
  }
}
