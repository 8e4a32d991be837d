import { differenceOf, zeroCounters } from './counters.js';
import type { Accounting, RawCounters } from './data-plane.js';
import type { DestinationListing } from './listing.js';
import { Meter } from './meter.js';
import type { SchedulableDestination } from './scheduler.js';
import type { DestinationSpec } from './specification.js';

/**
 * A destination, in a service or in the trash: its specification, its overload state and its figures. The counts of
 * connections are read from the data plane whenever they are asked for.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c and ip_vs_conn.c, struct ip_vs_dest.
 */
export class Destination implements SchedulableDestination {
  readonly id: number;
  /** The service whose list it is in; null in the trash. */
  service: object | null = null;
  readonly #accounting: Accounting;
  #spec: DestinationSpec;
  #isOverloaded = false;
  #meter = new Meter();
  /** What the data plane counted while the destination was in the trash, or for another service. */
  #uncounted: RawCounters;
  /** The total at the deletion, while in the trash. */
  #finalTotal: RawCounters | null = null;

  /** @param id one that the data plane knows as a destination already */
  constructor(id: number, spec: DestinationSpec, accounting: Accounting) {
    this.id = id;
    this.#spec = spec;
    this.#accounting = accounting;
    this.#uncounted = this.#readRaw();
  }

  get spec(): DestinationSpec {
    return this.#spec;
  }

  get address(): string {
    return this.#spec.address;
  }

  get port(): number {
    return this.#spec.port;
  }

  get weight(): number {
    return this.#spec.weight;
  }

  get activeConnections(): number {
    return this.#accounting.activeConnections(this.id);
  }

  get inactiveConnections(): number {
    return this.#accounting.inactiveConnections(this.id);
  }

  get persistentConnections(): number {
    return this.#accounting.persistentConnections(this.id);
  }

  /** Whether any connection or template still names this destination's id. */
  get isReferenced(): boolean {
    return this.activeConnections + this.inactiveConnections + this.persistentConnections > 0;
  }

  /**
   * Whether the upper threshold was reached and the connections have not yet become few enough: fewer than the lower
   * threshold or, without one, fewer than three quarters of the upper one.
   *
   * Source: ip_vs_conn.c, ip_vs_unbind_dest. Differs from the kernel in form only: the connections are counted when
   * the answer is wanted instead of whenever one ends; without the destination being chosen they only become fewer.
   */
  get isOverloaded(): boolean {
    if (!this.#isOverloaded) return false;
    const { upperThreshold, lowerThreshold } = this.#spec;
    const connections = this.activeConnections + this.inactiveConnections;
    this.#isOverloaded =
      lowerThreshold !== 0 ? connections >= lowerThreshold : connections * 4 >= upperThreshold * 3;
    return this.#isOverloaded;
  }

  /**
   * To be called when the destination is chosen, before the new connection counts. The only way to become overloaded:
   * an edit to a threshold already passed shows after one more connection, as in the kernel.
   *
   * Source: ip_vs_conn.c, ip_vs_bind_dest.
   */
  noteChosen(): void {
    const { upperThreshold } = this.#spec;
    if (upperThreshold === 0) return;
    if (this.activeConnections + this.inactiveConnections + 1 >= upperThreshold) this.#isOverloaded = true;
  }

  /** Source: ip_vs_ctl.c, __ip_vs_update_dest. */
  edit(spec: DestinationSpec): void {
    const { upperThreshold } = spec;
    if (upperThreshold === 0 || upperThreshold > this.#spec.upperThreshold) this.#isOverloaded = false;
    this.#spec = spec;
  }

  /** From now on nothing is counted: the destination is in the trash. */
  retire(): void {
    this.#finalTotal = this.total();
  }

  /**
   * Counting goes on: the destination is back from the trash.
   *
   * @param isSameService false where the service was deleted and added again: the figures then start at 0
   */
  revive(isSameService: boolean): void {
    const before = isSameService && this.#finalTotal !== null ? this.#finalTotal : zeroCounters();
    if (!isSameService) this.#meter = new Meter();
    this.#uncounted = differenceOf(this.#readRaw(), before);
    this.#finalTotal = null;
  }

  /** All that was counted for the present service; grows, and zeroing does not touch it. */
  total(): RawCounters {
    return this.#finalTotal ?? differenceOf(this.#readRaw(), this.#uncounted);
  }

  /** To be called once in every estimation period. */
  tick(): void {
    this.#meter.tick(this.total());
  }

  zero(): void {
    this.#meter.zero(this.total());
  }

  list(): DestinationListing {
    return {
      ...this.#spec,
      activeConnections: this.activeConnections,
      inactiveConnections: this.inactiveConnections,
      persistentConnections: this.persistentConnections,
      counters: this.#meter.counters(this.total()),
      rates: this.#meter.rates(),
    };
  }

  #readRaw(): RawCounters {
    const raw = zeroCounters();
    this.#accounting.readCounters(this.id, raw);
    return raw;
  }
}
