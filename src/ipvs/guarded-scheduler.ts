/**
 * Theory of operation: nothing that a scheduler does is trusted.
 *
 *     flow --> schedule --> a usable destination of the service, or undefined ---------------> its id
 *                 |
 *                 +-- threw, answered anything else, or rests --> the fallback's choice -----> its id
 *                 +-- took too long: its choice holds, but then it rests
 *
 * A scheduler may be a user's own, and everybody's packets pass through the same event loop. So whatever it throws, in
 * `init` and in the hooks too, is caught, counted and told (scheduler-troubles.ts), and the fallback, which the director is
 * given, chooses for that connection; the next one is the scheduler's again. One whose `init` threw has no state to choose
 * by: the fallback chooses until the service is edited. One that takes too long is not asked for
 * REST_FACTOR times as long: it gets a bounded part of the event loop. A call that never returns cannot be ended.
 *
 * - What it gets to see is frozen or has no setter: to sort the list in place throws.
 * - A promise is an answer like any other wrong one; what it is rejected with is nobody's.
 * - `init` may refuse a service by a UipvsError, as mh does: that is no trouble but an answer.
 */
import { types } from 'node:util';
import { messageOf, UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import { Destination } from './destination.js';
import type { FiveTuple, SchedulableDestination, SchedulableService, Scheduler } from './scheduler.js';
import type { SchedulerTroubles, TroubleKind } from './scheduler-troubles.js';
import type { ServiceSpec } from './specification.js';
import { isUsable } from './usable.js';

/** Implementation. One that takes too long gets at most a tenth of the time, */
const REST_FACTOR = 9;
/** but is asked once a minute, so that it may be well again. */
const MAX_REST_MS = 60_000;

/** Who chooses where a scheduler fails, and who is told. */
export interface SchedulerGuard {
  /** One without a state that never fails; where there is none, nobody is chosen. */
  readonly fallback: Scheduler | undefined;
  readonly troubles: SchedulerTroubles;
  /** Milliseconds since any fixed moment, never going back. */
  readonly clock: () => number;
}

/** The service that it chooses for. */
interface Ward {
  readonly name: string;
  readonly spec: ServiceSpec;
  readonly family: Family;
  /** Newest first; frozen. */
  readonly schedulable: readonly Destination[];
}

/** What a scheduler sees of a service. */
class View implements SchedulableService<unknown> {
  readonly #ward: Ward;
  state: unknown;

  constructor(ward: Ward) {
    this.#ward = ward;
  }

  get family(): Family {
    return this.#ward.family;
  }

  get destinations(): readonly SchedulableDestination[] {
    return this.#ward.schedulable;
  }

  get schedulerFlags(): number {
    return this.#ward.spec.schedulerFlags;
  }
}

export class GuardedScheduler {
  /** As it was given. */
  readonly scheduler: Scheduler;
  readonly #ward: Ward;
  readonly #guard: SchedulerGuard;
  readonly #view: View;
  /** What `init` threw. */
  #defect: string | null = null;
  #restsUntilMs = Number.NEGATIVE_INFINITY;
  #errors = 0;

  /** @throws UipvsError one by which `init` refuses the service, which takes it as EINVAL */
  constructor(ward: Ward, scheduler: Scheduler, guard: SchedulerGuard) {
    this.scheduler = scheduler;
    this.#ward = ward;
    this.#guard = guard;
    this.#view = new View(ward);
    try {
      this.#view.state = refusingPromises(scheduler.init?.(this.#view));
    } catch (thrown) {
      if (thrown instanceof UipvsError) throw thrown;
      this.#defect = `failed in init: ${wordsOf(thrown)}`;
      this.#note('init', this.#defect);
    }
  }

  /** Whether its `init` failed: it is not asked at all. */
  get isDefective(): boolean {
    return this.#defect !== null;
  }

  /** How often it did what it must not. */
  get errors(): number {
    return this.#errors;
  }

  /** Calls one of the hooks. Never throws. */
  tell(hook: (scheduler: Scheduler, view: SchedulableService<unknown>) => void): void {
    if (this.#defect !== null) return;
    try {
      refusingPromises(hook(this.scheduler, this.#view));
    } catch (thrown) {
      this.#note('hook', `failed where it was told of a change: ${wordsOf(thrown)}`);
    }
  }

  /** A usable destination of the service. Never throws. */
  choose(flow: FiveTuple): Destination | undefined {
    const { timeLimitMs } = this.scheduler;
    if (timeLimitMs === undefined) return this.#ask(flow);
    const startMs = this.#guard.clock();
    if (startMs < this.#restsUntilMs) return this.#fallBack(flow);
    const chosen = this.#ask(flow);
    const nowMs = this.#guard.clock();
    const tookMs = nowMs - startMs;
    if (tookMs > timeLimitMs) {
      const restMs = Math.min(tookMs * REST_FACTOR, MAX_REST_MS);
      this.#restsUntilMs = nowMs + restMs;
      this.#note('time', `took ${Math.round(tookMs)} ms and is not asked for ${Math.round(restMs)} ms`);
    }
    return chosen;
  }

  #ask(flow: FiveTuple): Destination | undefined {
    if (this.#defect !== null) {
      this.#note('init', this.#defect);
      return this.#fallBack(flow);
    }
    try {
      const chosen: unknown = this.scheduler.schedule(this.#view, flow);
      if (chosen === undefined) return undefined;
      const found = this.#examine(chosen);
      if (typeof found !== 'string') return found;
      this.#note('answer', `chose ${found}`);
    } catch (thrown) {
      this.#note('schedule', `threw: ${wordsOf(thrown)}`);
    }
    return this.#fallBack(flow);
  }

  /** What was chosen, or what is wrong with it. */
  #examine(chosen: unknown): Destination | string {
    if (!Destination.is(chosen)) {
      if (!types.isPromise(chosen)) return 'what is no destination';
      forget(chosen);
      return 'a promise';
    }
    if (chosen.service !== this.#ward) return 'a destination that the service does not have';
    if (chosen.weight === 0) return 'a quiesced destination';
    if (!isUsable(chosen) && this.scheduler.mayChooseOverloaded !== true) return 'an overloaded destination';
    return chosen;
  }

  #fallBack(flow: FiveTuple): Destination | undefined {
    const chosen = this.#guard.fallback?.schedule(this.#view, flow);
    return Destination.is(chosen) ? chosen : undefined;
  }

  #note(kind: TroubleKind, what: string): void {
    this.#errors += 1;
    this.#guard.troubles.note(this.#ward, kind, what);
  }
}

/** @throws TypeError where it is a promise: nobody waits for it */
function refusingPromises(answer: unknown): unknown {
  if (!types.isPromise(answer)) return answer;
  forget(answer);
  throw new TypeError('it answered a promise, for which nobody waits');
}

/** What a promise nobody waits for is rejected with would else end the daemon. */
function forget(promise: Promise<unknown>): void {
  promise.catch(() => undefined);
}

/** Of anything that was thrown, even of what cannot be made a text. */
function wordsOf(thrown: unknown): string {
  try {
    return messageOf(thrown);
  } catch {
    return 'something without words';
  }
}
