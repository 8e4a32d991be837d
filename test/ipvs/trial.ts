import type { RawCounters } from '../../src/ipvs/data-plane.js';
import { Director } from '../../src/ipvs/director.js';
import type { Scheduler } from '../../src/ipvs/scheduler.js';
import { NO_DESTINATION } from '../../src/ipvs/service.js';
import type { ServiceKey } from '../../src/ipvs/specification.js';
import { makeBuiltinSchedulers } from '../../src/scheduling/registry.js';
import { wlc } from '../../src/scheduling/wlc.js';
import { TrialEnvironment } from '../scheduling/environment.js';
import { type ConnectionKind, MemoryDataPlane } from './memory-data-plane.js';
import { destinationSpec, FLOW, realServer, serviceSpec, tcpKey } from './specs.js';

/** A director over an in-memory data plane, with a clock that stands until it is set. */
export class Trial {
  readonly dataPlane: MemoryDataPlane;
  readonly director: Director;
  nowMs = 0;

  constructor({ maxServices = 8, maxDestinations = 16, schedulers = [] as readonly Scheduler[] } = {}) {
    this.dataPlane = new MemoryDataPlane({ maxServices, maxDestinations });
    this.director = new Director({
      dataPlane: this.dataPlane,
      schedulers: new Map([
        ...makeBuiltinSchedulers(new TrialEnvironment()),
        ...schedulers.map((own) => [own.name, own] as const),
      ]),
      clock: () => this.nowMs,
      fallback: wlc,
    });
  }

  /** With a TCP service on port 80 and these real servers, added in this order with weight 1. */
  with(scheduler: string, ...realServers: number[]): this {
    this.director.addService(serviceSpec({ scheduler }));
    for (const number of realServers) this.director.addDestination(tcpKey(), destinationSpec(number));
    return this;
  }

  /** Ends connections of a real server, one after another. */
  end(number: number, count: number, kind: ConnectionKind = 'active'): void {
    this.dataPlane.end(this.dataPlane.find(realServer(number)).id, kind, count);
  }

  /** The number of the real server that gets a new connection, which the data plane then has; null for none. */
  connect(key: ServiceKey = tcpKey()): number | null {
    const id = this.director.schedule(this.director.findService(key)?.id ?? NO_DESTINATION, FLOW);
    if (id === NO_DESTINATION) return null;
    const destination = this.dataPlane.destinations.get(id)!;
    destination.active += 1;
    return Number(destination.address.split('.')[3]) - 10;
  }

  /** Traffic of a real server. */
  count(number: number, growth: Partial<RawCounters>): void {
    const { counters } = this.dataPlane.find(realServer(number));
    for (const [name, value] of Object.entries(growth)) counters[name as keyof RawCounters] += value;
  }

  /** The last octets of the listed destinations less 10, in order. */
  order(): number[] {
    const [service] = this.director.figures.list(tcpKey());
    return service!.destinations.map(({ address }) => Number(address.split('.')[3]) - 10);
  }
}
