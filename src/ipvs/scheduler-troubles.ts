/** What schedulers did wrong, counted, and told as often as a log can bear. */

/**
 * Threw in `init`, in another hook or in `schedule`; answered what is no destination that it may choose; took too long.
 */
export type TroubleKind = 'init' | 'hook' | 'schedule' | 'answer' | 'time';

export interface SchedulerTrouble {
  /** The service's name. */
  readonly service: string;
  readonly scheduler: string;
  readonly kind: TroubleKind;
  /** What it did, the latest time. */
  readonly what: string;
  /** How often, since it was last told. */
  readonly times: number;
}

/** Whom it is about. */
interface Subject {
  readonly name: string;
  readonly spec: { readonly scheduler: string };
}

interface Entry {
  trouble: SchedulerTrouble;
  /** When it was told; null: not yet. */
  toldMs: number | null;
}

/** Implementation. How often the same is told again while it goes on. */
const QUIET_MS = 60_000;
/** Implementation. Longer words of a scheduler are cut. */
const MAX_LENGTH = 200;

/** One kind of trouble of one service is one entry, which is forgotten once it has not happened for a minute. */
export class SchedulerTroubles {
  readonly #clock: () => number;
  readonly #entries = new Map<string, Entry>();
  #count = 0;

  /** @param clock milliseconds since any fixed moment, never going back */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** How often anything was noted. */
  get count(): number {
    return this.#count;
  }

  note({ name, spec: { scheduler } }: Subject, kind: TroubleKind, what: string): void {
    this.#count += 1;
    const key = `${kind} ${name}`;
    const before = this.#entries.get(key);
    const times = (before?.trouble.times ?? 0) + 1;
    const trouble = { service: name, scheduler, kind, what: what.slice(0, MAX_LENGTH), times };
    if (before === undefined) this.#entries.set(key, { trouble, toldMs: null });
    else before.trouble = trouble;
  }

  /**
   * What is to be told now: what is new, and what went on, a minute after it was last told. To be walked every second or
   * so, to its end.
   */
  *due(): Generator<SchedulerTrouble> {
    const nowMs = this.#clock();
    for (const [key, entry] of this.#entries) {
      if (entry.toldMs !== null && nowMs < entry.toldMs + QUIET_MS) continue;
      const { trouble } = entry;
      if (trouble.times === 0) {
        this.#entries.delete(key);
        continue;
      }
      entry.trouble = { ...trouble, times: 0 };
      entry.toldMs = nowMs;
      yield trouble;
    }
  }
}
