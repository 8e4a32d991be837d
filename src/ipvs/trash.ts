import type { Destination } from './destination.js';
import { destinationName } from './name.js';
import type { Service } from './service.js';
import type { DestinationKey } from './specification.js';

/**
 * How long a deleted destination keeps its id at least, so that no packet or decision in flight still names it.
 * Differs from the kernel, which has no ids to be short of.
 */
export const ID_PERIOD_MS = 2000;

/** Source: net/netfilter/ipvs/ip_vs_ctl.c and include/net/ip_vs.h, IP_VS_DEST_TRASH_PERIOD: a look each half of it. */
const TRASH_PERIOD_MS = 120_000;
const LOOK_PERIOD_MS = TRASH_PERIOD_MS / 2;

/** Some milliseconds' work, where all of them are given up. */
const LOOKED_AT_PER_STEP = 1024;

/** A deleted destination and the service it was deleted from. */
export interface TrashedDestination {
  readonly destination: Destination;
  readonly service: Service;
  /** Whether the data plane still knows it: until no connection names its id, but never for less than ID_PERIOD_MS. */
  readonly holdsId: boolean;
}

interface Entry extends TrashedDestination {
  holdsId: boolean;
  readonly sinceMs: number;
  /** When a look first found that nothing refers to it. */
  idleSinceMs: number | null;
}

/**
 * Deleted destinations, by the names of their service and their own: first those whose id connections may still name,
 * then those of which only the figures are kept, for two to three minutes as in the kernel, so that they go on where the
 * destination is added again.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_trash_get_dest and ip_vs_dest_trash_expire.
 */
export class Trash {
  readonly #limit: number;
  readonly #holding = new Map<string, Entry>();
  readonly #remembered = new Map<string, Entry>();
  #nextLookMs: number | null = null;

  /** @param limit how many may be remembered without an id; above it the oldest are forgotten */
  constructor(limit: number) {
    this.#limit = limit;
  }

  put(service: Service, destination: Destination, nowMs: number): void {
    const entry = { destination, service, holdsId: true, sinceMs: nowMs, idleSinceMs: null };
    this.#holding.set(entryName(service, destination), entry);
    this.#nextLookMs ??= nowMs + LOOK_PERIOD_MS;
  }

  /** The destination of that name that was deleted from a service of that name, where it is here. */
  find(service: Service, key: DestinationKey): TrashedDestination | undefined {
    if (this.#holding.size + this.#remembered.size === 0) return undefined;
    const name = entryName(service, key);
    return this.#holding.get(name) ?? this.#remembered.get(name);
  }

  /** Takes a destination out to use it again. */
  remove(service: Service, key: DestinationKey): void {
    const name = entryName(service, key);
    if (!this.#holding.delete(name)) this.#remembered.delete(name);
  }

  /** All that hold an id, first deleted first. */
  holding(): Iterable<TrashedDestination> {
    return this.#holding.values();
  }

  /**
   * Gives up the ids that were held long enough and that nothing refers to, and forgets what is too old: in steps, of
   * which each yields those given up. Between two of them destinations may come and go.
   */
  *collecting(nowMs: number): Generator<readonly TrashedDestination[]> {
    let givenUp: TrashedDestination[] = [];
    let left = LOOKED_AT_PER_STEP;
    for (const [name, entry] of this.#holding) {
      // In the order of their deletion.
      if (nowMs - entry.sinceMs < ID_PERIOD_MS) break;
      if (!entry.destination.isReferenced) {
        entry.holdsId = false;
        this.#holding.delete(name);
        this.#remember(name, entry);
        givenUp.push(entry);
      }
      left -= 1;
      if (left > 0) continue;
      yield givenUp;
      givenUp = [];
      left = LOOKED_AT_PER_STEP;
    }
    if (this.#nextLookMs !== null && nowMs >= this.#nextLookMs) this.#look(nowMs);
    yield givenUp;
  }

  #remember(name: string, entry: Entry): void {
    this.#remembered.set(name, entry);
    if (this.#remembered.size <= this.#limit) return;
    for (const oldest of this.#remembered.keys()) {
      this.#remembered.delete(oldest);
      return;
    }
  }

  #look(nowMs: number): void {
    for (const [name, entry] of this.#remembered) {
      entry.idleSinceMs ??= nowMs;
      if (nowMs - entry.idleSinceMs >= TRASH_PERIOD_MS) this.#remembered.delete(name);
    }
    const isEmpty = this.#holding.size + this.#remembered.size === 0;
    this.#nextLookMs = isEmpty ? null : nowMs + LOOK_PERIOD_MS;
  }
}

function entryName(service: Service, key: DestinationKey): string {
  return `${service.name} ${destinationName(key)}`;
}
