import { assign, isZero, NO_COUNTERS, subtract, zeroCounters } from './counters.js';
import type { Accounting, RawCounters } from './data-plane.js';
import type { DestinationListing } from './listing.js';
import { Meter } from './meter.js';
import type { SchedulableDestination } from './scheduler.js';
import type { DestinationSpec, ForwardingMethod } from './specification.js';

const NO_ID = -1;

/**
 * A destination, in a service or in the trash: its specification and its figures. The counts of connections and the
 * overload flag live in the data plane and are read whenever they are asked for. There may be 100,000, so what one
 * without traffic does not need is not there.
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
  /** Null as long as nothing was counted. */
  #meter: Meter | null = null;
  /** What the data plane counted under the id for somebody else, or while the destination was in the trash. */
  #uncounted: Readonly<RawCounters> = NO_COUNTERS;
  /** The total at the deletion, while in the trash. */
  #finalTotal: Readonly<RawCounters> | null = null;

  /** @param id one that the data plane knows as a destination already */
  constructor(id: number, spec: DestinationSpec, accounting: Accounting) {
    this.#id = id;
    this.#spec = spec;
    this.#lastWeight = spec.weight;
    this.#accounting = accounting;
    this.#uncounted = this.#countedSoFar();
  }

  /** Whether `value` is a destination itself, and no copy or likeness of one. Never throws. */
  static is(value: unknown): value is Destination {
    return typeof value === 'object' && value !== null && #spec in value;
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

  get forwarding(): ForwardingMethod {
    return this.#spec.forwarding;
  }

  get weight(): number {
    return this.#spec.weight;
  }

  get lastWeight(): number {
    return this.#lastWeight;
  }

  get activeConnections(): number {
    return this.#id === NO_ID ? 0 : this.#accounting.activeConnections(this.#id);
  }

  get inactiveConnections(): number {
    return this.#id === NO_ID ? 0 : this.#accounting.inactiveConnections(this.#id);
  }

  get persistentConnections(): number {
    return this.#id === NO_ID ? 0 : this.#accounting.persistentConnections(this.#id);
  }

  get isOverloaded(): boolean {
    return this.#accounting.isOverloaded(this.#id);
  }

  /** Whether any connection or template still names this destination's id. */
  get isReferenced(): boolean {
    if (this.activeConnections + this.inactiveConnections + this.persistentConnections > 0) return true;
    // One that became active between the two looks was seen by neither.
    return this.activeConnections > 0;
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

  /** From now on the data plane knows nothing of it: its id may be another's. */
  giveUpId(): void {
    this.#id = NO_ID;
  }

  /** From now on nothing is counted: the destination is in the trash. */
  retire(): void {
    const total = zeroCounters();
    this.readTotal(total);
    this.#finalTotal = isZero(total) ? NO_COUNTERS : total;
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
    const uncounted = { ...this.#countedSoFar() };
    if (isSameService && this.#finalTotal !== null) subtract(uncounted, this.#finalTotal);
    if (!isSameService) this.#meter = null;
    this.#uncounted = isZero(uncounted) ? NO_COUNTERS : uncounted;
    this.#finalTotal = null;
  }

  /** All that was counted for the present service; grows, and zeroing does not touch it. */
  readTotal(into: RawCounters): void {
    if (this.#finalTotal !== null) {
      assign(into, this.#finalTotal);
      return;
    }
    this.#accounting.readCounters(this.#id, into);
    if (this.#uncounted !== NO_COUNTERS) subtract(into, this.#uncounted);
  }

  /** To be called once in every estimation period. @param total becomes the total */
  tick(total: RawCounters): void {
    this.readTotal(total);
    this.#meterOf(total)?.tick(total);
  }

  /** @param total becomes the total */
  zero(total: RawCounters): void {
    this.readTotal(total);
    this.#meterOf(total)?.zero(total);
  }

  /** @param isEstimating false where estimation is switched off: the counters are then those of the last period */
  list(isEstimating: boolean): DestinationListing {
    const total = zeroCounters();
    this.readTotal(total);
    const meter = this.#meterOf(total);
    const spec = this.#spec;
    return {
      address: spec.address,
      port: spec.port,
      forwarding: spec.forwarding,
      tunnel: spec.tunnel,
      weight: spec.weight,
      upperThreshold: spec.upperThreshold,
      lowerThreshold: spec.lowerThreshold,
      activeConnections: this.activeConnections,
      inactiveConnections: this.inactiveConnections,
      persistentConnections: this.persistentConnections,
      counters: meter?.shown(total, isEstimating) ?? NO_COUNTERS,
      rates: meter?.rates() ?? NO_COUNTERS,
    };
  }

  #meterOf(total: Readonly<RawCounters>): Meter | null {
    if (this.#meter === null && !isZero(total)) this.#meter = new Meter();
    return this.#meter;
  }

  #countedSoFar(): Readonly<RawCounters> {
    const counted = zeroCounters();
    this.#accounting.readCounters(this.#id, counted);
    return isZero(counted) ? NO_COUNTERS : counted;
  }
}
