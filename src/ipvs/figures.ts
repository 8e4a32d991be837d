/**
 * The figures of all services: totals, rates, and how the table is listed.
 *
 * A table of 100,000 destinations is too long to be listed in one go: it would stop the event loop, which chooses
 * destinations for new connections, and be in memory at once. So the long forms are generators of pieces of less than a
 * millisecond's work, and whoever takes them lets others work in between. They begin with the services that there are,
 * in their order; what is deleted meanwhile is left out, nothing comes twice, and each figure is of the moment at which
 * its piece was made. That is no less than the kernel promises, which lists in buffers of some kilobytes each.
 */
import { add, assign, zeroCounters } from './counters.js';
import type { RawCounters } from './data-plane.js';
import type { ListItem, ServiceFigures, ServiceListing, Totals } from './listing.js';
import { Meter } from './meter.js';
import type { Service } from './service.js';
import type { ServiceStore } from './service-store.js';
import type { ServiceKey } from './specification.js';
import { runThrough } from './steps.js';

/** Services and destinations in a piece. */
const LINES_PER_PIECE = 128;
/** Destinations whose counters are taken in one step: a quarter of a millisecond, most of it waiting for memory. */
const DESTINATIONS_PER_STEP = 1024;

export class Figures {
  readonly #services: ServiceStore;
  readonly #isEstimating: () => boolean;
  readonly #meter = new Meter();
  /** Sum of the totals of services that were deleted. */
  readonly #retired = zeroCounters();
  /** Changes whenever all figures begin to be zeroed, and when they have been. */
  #zeroings = 0;

  /** @param isEstimating false where estimation is switched off: counters are then those of the last period */
  constructor(services: ServiceStore, isEstimating: () => boolean) {
    this.#services = services;
    this.#isEstimating = isEstimating;
  }

  /** @throws UipvsError EINVAL, ESRCH */
  checkZero(key?: ServiceKey): void {
    if (key !== undefined) this.#services.get(key);
  }

  /**
   * Counters and rates of a service and its destinations begin at 0 or, without a key, those of all and the totals.
   *
   * @throws UipvsError EINVAL, ESRCH
   */
  zero(key?: ServiceKey): void {
    if (key !== undefined) this.#services.get(key).zero(zeroCounters());
    else runThrough(this.zeroing());
  }

  /** Counters and rates of everything begin at 0, in steps between which packets may be handled, but no change made. */
  *zeroing(): Generator<void> {
    const its = zeroCounters();
    const sum = { ...this.#retired };
    this.#zeroings += 1;
    yield* inSteps(this.#services, (service) => {
      service.zero(its);
      add(sum, its);
    });
    this.#zeroings += 1;
    this.#meter.zero(sum);
  }

  /** To be called every ESTIMATION_PERIOD_MS. */
  tick(): void {
    runThrough(this.ticking());
  }

  /**
   * To be walked once in every estimation period, in steps between which anything may happen. Nothing is counted twice
   * or lost: what is deleted on the way still gives its figures, and what is zeroed begins anew at the next period.
   */
  *ticking(): Generator<void> {
    if (!this.#isEstimating()) return;
    const zeroings = this.#zeroings;
    const sum = { ...this.#retired };
    const its = zeroCounters();
    yield* inSteps(this.#services, (service) => {
      service.tick(its);
      add(sum, its);
    });
    if (this.#zeroings === zeroings) this.#meter.tick(sum);
  }

  /** Keeps the figures of a service that is being deleted in the totals. */
  retire(service: Service): void {
    const total = zeroCounters();
    service.readTotal(total);
    add(this.#retired, total);
  }

  /** All services together since the last `zero` without a key, deleted ones included. */
  totals(): Totals {
    const total = this.#sum((service, its) => service.readTotal(its));
    return { counters: this.#meter.shown(total, this.#isEstimating()), rates: this.#meter.rates() };
  }

  /** All services, oldest first, or the one, at once. @throws UipvsError EINVAL, ESRCH where that one is not there */
  list(key?: ServiceKey): ServiceListing[] {
    const isEstimating = this.#isEstimating();
    return this.#chosen(key).map((service) => ({
      ...service.listHead(isEstimating),
      destinations: service.snapshot().map((destination) => destination.list(isEstimating)),
    }));
  }

  /** The same in pieces. @throws UipvsError as `list`, before the first piece */
  listPieces(key?: ServiceKey): Iterable<readonly ListItem[]> {
    return this.#pieces(this.#chosen(key));
  }

  /** All services, oldest first, one by one, their destinations live: to be read when they come. */
  *live(): Generator<ServiceFigures> {
    for (const service of this.#chosen()) {
      if (!this.#services.has(service)) continue;
      yield { ...service.listHead(this.#isEstimating()), destinations: service.snapshot() };
    }
  }

  #chosen(key?: ServiceKey): readonly Service[] {
    return key === undefined ? [...this.#services.all()] : [this.#services.get(key)];
  }

  *#pieces(services: readonly Service[]): Generator<readonly ListItem[]> {
    let piece: ListItem[] = [];
    let left = LINES_PER_PIECE;
    for (const service of services) {
      if (!this.#services.has(service)) continue;
      const destinations = service.snapshot();
      const head = service.listHead(this.#isEstimating());
      let from = 0;
      do {
        const isFirst = from === 0;
        const part = destinations.slice(from, from + left).filter((one) => one.service === service);
        const listings = part.map((destination) => destination.list(this.#isEstimating()));
        piece.push(isFirst ? { ...head, destinations: listings } : { more: listings });
        from += left;
        left -= 1 + listings.length;
        if (left > 0) continue;
        yield piece;
        piece = [];
        left = LINES_PER_PIECE;
      } while (from < destinations.length);
    }
    if (piece.length > 0) yield piece;
  }

  /** The sum of what `read` makes of each service's counters, and of the retired. */
  #sum(read: (service: Service, its: RawCounters) => void): RawCounters {
    const sum = zeroCounters();
    const its = zeroCounters();
    assign(sum, this.#retired);
    for (const service of this.#services.all()) {
      read(service, its);
      add(sum, its);
    }
    return sum;
  }
}

/** Does something with each of the services that there are now, so many destinations a step. */
function* inSteps(services: ServiceStore, task: (service: Service) => void): Generator<void> {
  let left = DESTINATIONS_PER_STEP;
  for (const service of [...services.all()]) {
    task(service);
    left -= 1 + service.size;
    if (left > 0) continue;
    yield;
    left = DESTINATIONS_PER_STEP;
  }
}
