/**
 * Carries out what clients ask: on the model first, then on the host.
 *
 * Commands of all clients run in the order in which they come; what they need of the host is done for many at once. If
 * the host refuses, the model is changed back, so that a command that failed changed nothing.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { type ErrorCode, messageOf, UipvsError } from '../base/error.js';
import { BatchRefusal } from '../control/batch-refusal.js';
import type { Outcome } from '../control/outcome.js';
import type { Change, SequenceRefusal } from '../control/protocol.js';
import { refusalOf } from '../control/refusal.js';
import type { ReceivedRequest } from '../control/request.js';
import type { Inverse } from './batch.js';
import type { CommandRunner, Run, SingleRequest } from './commands.js';
import type { HostChange, HostChanges, HostSync } from './host-sync.js';
import type { InOrder } from './in-order.js';
import type { Logger } from './logger.js';
import { SLICE_MS } from './steps.js';

/** Asked of the host in one turn of the event loop: a few milliseconds' work. */
const CHANGES_PER_STEP = 1024;
/** Refusals that ipvsadm has its own words for. Source: ipvsadm, libipvs.c (ipvs_strerror). */
const KERNEL_REFUSALS: ReadonlySet<ErrorCode> = new Set(['EEXIST', 'ENOENT', 'ESRCH', 'ERANGE', 'EINVAL']);

export interface AnswersParts {
  readonly commands: CommandRunner;
  readonly changes: HostChanges;
  readonly sync: HostSync;
  readonly inOrder: InOrder;
  readonly log: Logger;
}

type Sequence = readonly (Change | UipvsError)[];

/** A request that was carried out on the model, and what it asks of the host. */
interface Carried {
  readonly run: Run;
  readonly changes: readonly HostChange[];
}

/** A sequence that was carried out on the model. */
interface CarriedSequence {
  readonly refusals: Map<number, SequenceRefusal>;
  /** What edited services were before, by the index of the edit. */
  readonly before: ReadonlyMap<number, readonly Inverse[]>;
  /** How many host changes there were after each of the sequence. */
  readonly ends: readonly number[];
  /** Why the host refuses those of its changes that it refuses. */
  readonly applied: Promise<ReadonlyMap<number, unknown>>;
}

export class Answers {
  readonly #commands: CommandRunner;
  readonly #changes: HostChanges;
  readonly #sync: HostSync;
  readonly #inOrder: InOrder;
  readonly #log: Logger;

  constructor({ commands, changes, sync, inOrder, log }: AnswersParts) {
    this.#commands = commands;
    this.#changes = changes;
    this.#sync = sync;
    this.#inOrder = inOrder;
    this.#log = log;
  }

  /** @throws UipvsError a refusal with words of its own */
  answer(request: ReceivedRequest): Promise<Outcome> {
    return request.op === 'sequence' ? this.#answerSequence(request.requests) : this.#answerOne(request);
  }

  /** Carries out `task` when its turn has come, and what it asks of the host. @throws what the host refuses first */
  async change(task: () => void): Promise<void> {
    await this.apply(
      await this.#inOrder.run(() => {
        task();
        return this.#changes.take();
      }),
    );
  }

  /** Settles when the host has all of them; throws the first refusal, after all were tried. */
  async apply(changes: readonly HostChange[]): Promise<void> {
    for (const reason of (await this.#tryApply(changes)).values()) throw reason;
  }

  async #answerOne(request: SingleRequest): Promise<Outcome> {
    let run: Run;
    let changes: readonly HostChange[];
    try {
      ({ run, changes } = await this.#inOrder.run(() => this.#carryOut(request)));
    } catch (thrown) {
      if (!hasKernelsWords(thrown) || request.op === 'set-sysctl') throw thrown;
      return {
        refused: thrown.code,
        ...(thrown instanceof BatchRefusal ? { index: thrown.index } : {}),
      };
    }
    try {
      await this.apply(changes);
    } catch (thrown) {
      const { undo } = run;
      this.#logRefusal(request.op, thrown);
      await this.#undo(() => undo?.());
      throw thrown;
    }
    this.#warnOf(request);
    return run.outcome;
  }

  /** On the model only; and what it asks of the host. */
  #carryOut(request: SingleRequest): Carried | Promise<Carried> {
    const run = this.#commands.run(request);
    if (run instanceof Promise) return run.then((ended) => ({ run: ended, changes: this.#changes.take() }));
    return { run, changes: this.#changes.take() };
  }

  async #answerSequence(requests: Sequence): Promise<Outcome> {
    const carried = await this.#inOrder.run(() => this.#carryOutSequence(requests));
    const { refusals } = carried;
    const refused = await carried.applied;
    if (refused.size > 0) await this.#takeBack(requests, carried, refused);
    for (const [index, request] of requests.entries())
      if (!(request instanceof UipvsError) && !refusals.has(index)) this.#warnOf(request);
    return { result: [...refusals.values()].sort((one, other) => one.index - other.index) };
  }

  /** On the model; the host begins with what is asked of it. */
  async #carryOutSequence(requests: Sequence): Promise<CarriedSequence> {
    const refusals = new Map<number, SequenceRefusal>();
    const before = new Map<number, readonly Inverse[]>();
    const ends: number[] = [];
    let stepEndsAtMs = performance.now() + SLICE_MS;
    for (const [index, request] of requests.entries()) {
      try {
        if (request instanceof UipvsError) throw request;
        if (request.op === 'flush') {
          await this.#commands.run(request);
        } else {
          const inverses = this.#commands.change(request);
          if (inverses !== null) before.set(index, inverses);
        }
      } catch (thrown) {
        const isUnderstood = !(request instanceof UipvsError);
        refusals.set(
          index,
          isUnderstood && hasKernelsWords(thrown)
            ? { index, errno: thrown.code }
            : { index, ...refusalOf(thrown) },
        );
      }
      ends.push(this.#changes.count);
      if (performance.now() < stepEndsAtMs) continue;
      await turn();
      stepEndsAtMs = performance.now() + SLICE_MS;
    }
    return { refusals, before, ends, applied: this.#tryApply(this.#changes.take()) };
  }

  /** The changes of which the host has refused something. */
  async #takeBack(
    requests: Sequence,
    { refusals, before, ends }: CarriedSequence,
    refused: ReadonlyMap<number, unknown>,
  ): Promise<void> {
    const undone = new Map<number, Change>();
    for (const [hostIndex, reason] of refused) {
      const index = ends.findIndex((end) => end > hostIndex);
      const request = requests[index];
      if (request === undefined || request instanceof UipvsError || undone.has(index)) continue;
      undone.set(index, request);
      refusals.set(index, { index, ...refusalOf(reason) });
      this.#logRefusal(request.op, reason);
    }
    await this.#undo(() => {
      for (const [index, request] of undone) this.#commands.takeBack(request, before.get(index));
    });
  }

  /** On the model in any case. What the host refuses of that as well, it was not given before. */
  async #undo(task: () => void): Promise<void> {
    await this.change(task).catch((thrown: unknown) =>
      this.#log.warn(`not taken back on the host: ${messageOf(thrown)}`),
    );
  }

  /** Settles when the host has tried all of them; why it refuses some, by their index. Never rejects. */
  async #tryApply(changes: readonly HostChange[]): Promise<ReadonlyMap<number, unknown>> {
    if (changes.length <= CHANGES_PER_STEP) return await this.#sync.tryApply(changes);
    const parts: Promise<ReadonlyMap<number, unknown>>[] = [];
    for (let from = 0; from < changes.length; from += CHANGES_PER_STEP) {
      if (from > 0) await turn();
      parts.push(this.#sync.tryApply(changes.slice(from, from + CHANGES_PER_STEP)));
    }
    const all = new Map<number, unknown>();
    for (const [part, refused] of (await Promise.all(parts)).entries())
      for (const [index, reason] of refused) all.set(part * CHANGES_PER_STEP + index, reason);
    return all;
  }

  #logRefusal(op: string, reason: unknown): void {
    this.#log.warn({ op }, `refused: ${messageOf(reason)}`);
  }

  /** What is configured and listed like everything else, but will not work. */
  #warnOf(request: SingleRequest): void {
    if (request.op !== 'add-destination' && request.op !== 'edit-destination') return;
    const { address, port, forwarding } = request.destination;
    if (forwarding === 'masquerading') return;
    const sentence = `uipvs forwards by masquerading only: connections for this ${forwarding} destination will be refused`;
    this.#log.warn({ address, port, forwarding }, sentence);
  }
}

function hasKernelsWords(thrown: unknown): thrown is UipvsError {
  return thrown instanceof UipvsError && KERNEL_REFUSALS.has(thrown.code);
}
