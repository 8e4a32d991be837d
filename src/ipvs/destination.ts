import { assign, subtract, zeroCounters } from './counters.js';
import type { Accounting, RawCounters } from './data-plane.js';
import type { DestinationListing } from './listing.js';
import { Meter } from './meter.js';
import type { SchedulableDestination } from './scheduler.js';
import type { DestinationSpec } from './specification.js';

/**
 * A destination, in a service or in the trash: its specification and its figures. The counts of connections and the
 * overload flag live in the data plane and are read whenever they are asked for.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c and ip_vs_conn.c, struct ip_vs_dest.
 */
export class Destination implements SchedulableDestination {
  /** The service whose list it is in; null in the trash. */
  service: object | null = null;
  readonly #accounting: Accounting;
  #id: number;
  #spec: DestinationSpec;
  #lastWeight: number;
  #meter = new Meter();
  /** What the data plane counted under the id for somebody else, or while the destination was in the trash. */
  readonly #uncounted = zeroCounters();
  /** The total at the deletion, while in the trash. */
  #finalTotal: Readonly<RawCounters> | null = null;

  /** @param id one that the data plane knows as a destination already */
  constructor(id: number, spec: DestinationSpec, accounting: Accounting) {
    this.#id = id;
    this.#spec = spec;
    this.#lastWeight = spec.weight;
    this.#accounting = accounting;
    accounting.readCounters(id, this.#uncounted);
  }

  get id(): number {
    return this.#id;
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

  get lastWeight(): number {
    return this.#lastWeight;
  }

  get activeConnections(): number {
    return this.#accounting.activeConnections(this.#id);
  }

  get inactiveConnections(): number {
    return this.#accounting.inactiveConnections(this.#id);
  }

  get persistentConnections(): number {
    return this.#accounting.persistentConnections(this.#id);
  }

  get isOverloaded(): boolean {
    return this.#accounting.isOverloaded(this.#id);
  }

  /** Whether any connection or template still names this destination's id. */
  get isReferenced(): boolean {
    return this.activeConnections + this.inactiveConnections + this.persistentConnections > 0;
  }

  /**
   * To be called when the destination is chosen, before the new connection counts. The only way to become overloaded
   * by a choice: an edit to a threshold already passed shows after one more connection, as in the kernel.
   *
   * Source: ip_vs_conn.c, ip_vs_bind_dest.
   */
  noteChosen(): void {
    const { upperThreshold } = this.#spec;
    if (upperThreshold === 0) return;
    if (this.activeConnections + this.inactiveConnections + 1 >= upperThreshold) {
      this.#accounting.setOverloaded(this.#id, true);
    }
  }

  /** Source: ip_vs_ctl.c, __ip_vs_update_dest. */
  edit(spec: DestinationSpec): void {
    const { upperThreshold } = spec;
    if (upperThreshold === 0 || upperThreshold > this.#spec.upperThreshold) {
      this.#accounting.setOverloaded(this.#id, false);
    }
    if (spec.weight !== 0) this.#lastWeight = spec.weight;
    this.#spec = spec;
  }

  /** From now on nothing is counted: the destination is in the trash. */
  retire(): void {
    const total = zeroCounters();
    this.readTotal(total);
    this.#finalTotal = total;
  }

  /**
   * Counting goes on: the destination is back from the trash, specified anew.
   *
   * @param id one that the data plane knows as this destination: that from before or, where it was given up, another
   * @param isSameService false where the service was deleted and added again: the figures then start at 0
   */
  revive(id: number, spec: DestinationSpec, isSameService: boolean): void {
    this.#id = id;
    this.edit(spec);
    this.#lastWeight = spec.weight;
    this.#accounting.readCounters(id, this.#uncounted);
    if (isSameService && this.#finalTotal !== null) subtract(this.#uncounted, this.#finalTotal);
    if (!isSameService) this.#meter = new Meter();
    this.#finalTotal = null;
  }

  /** All that was counted for the present service; grows, and zeroing does not touch it. */
  readTotal(into: RawCounters): void {
    if (this.#finalTotal !== null) {
      assign(into, this.#finalTotal);
      return;
    }
    this.#accounting.readCounters(this.#id, into);
    subtract(into, this.#uncounted);
  }

  /** To be called once in every estimation period. @param total becomes the total */
  tick(total: RawCounters): void {
    this.readTotal(total);
    this.#meter.tick(total);
  }

  /** @param total becomes the total */
  zero(total: RawCounters): void {
    this.readTotal(total);
    this.#meter.zero(total);
  }

  /**
   * @param isEstimating false where estimation is switched off: the counters are then those of the last period
   * @param total becomes the total
   */
  list(isEstimating: boolean, total: RawCounters): DestinationListing {
    this.readTotal(total);
    return {
      ...this.#spec,
      activeConnections: this.activeConnections,
      inactiveConnections: this.inactiveConnections,
      persistentConnections: this.persistentConnections,
      counters: isEstimating ? this.#meter.counters(total) : this.#meter.countersAtLastTick(),
      rates: this.#meter.rates(),
    };
  }
}
