/** Schedulers of a user's own that do wrong, and what is counted and told of it. */
import type { FiveTuple, SchedulableService, Scheduler } from '../../src/ipvs/scheduler.js';
import { tcpKey } from './specs.js';
import type { Trial } from './trial.js';

/** What a module in JavaScript may answer, whatever TypeScript says. */
export type Answer = (service: SchedulableService<unknown>, flow: FiveTuple) => unknown;

/** Of the name `own`. */
export function own(schedule: Answer, hooks: Partial<Scheduler> = {}): Scheduler {
  return { name: 'own', schedule: schedule as Scheduler['schedule'], ...hooks };
}

export function failing(): never {
  throw new Error('out of order');
}

/** How often the scheduler of the TCP service on this port failed; undefined where there is no such service. */
export function errorsOf(trial: Trial, port = 80): number | undefined {
  return trial.director.findService(tcpKey(port))?.schedulerErrors;
}

/** What is due to be told by now, and told hereby: kind, how often, words. */
export function told(trial: Trial): string[] {
  return [...trial.director.schedulerTroubles.due()].map(
    ({ kind, what, times }) => `${kind} ${times} ${what}`,
  );
}
