/**
 * As much of a table of services as the tests of the command line need: what exists and what does not, known names of
 * schedulers, thresholds in order, all or nothing of a batch.
 */
import type { Reply } from '../../src/control/protocol.js';
import type { ServiceListing, Timeouts } from '../../src/ipvs/listing.js';
import type { DestinationKey, DestinationSpec, ServiceKey } from '../../src/ipvs/specification.js';
import { type Answerer, ok, parts, refused, type Single } from './canned-daemon.js';
import { destination, service } from './listing-fixture.js';

const SCHEDULERS = 'rr wrr lc wlc lblc lblcr dh sh mh sed nq fo ovf'.split(' ');

export class Table {
  #services: readonly ServiceListing[] = [];
  #timeouts: Timeouts = { tcp: 900, tcpFin: 120, udp: 300 };
  readonly #sysctls = new Map([
    ['conn_reuse_mode', '1'],
    ['sync_threshold', '3\t50'],
  ]);

  readonly answer: Answerer = (request) => {
    switch (request.op) {
      case 'info':
        return ok({ version: '1.2.1', connectionTableSize: 4096 });
      case 'list':
        if (request.key === undefined) return parts(this.#services);
        return this.#find(request.key) === undefined ? refused('ESRCH') : parts([this.#find(request.key)]);
      case 'timeouts':
        return ok(this.#timeouts);
      case 'set-timeouts':
        this.#timeouts = {
          tcp: request.timeouts.tcp || this.#timeouts.tcp,
          tcpFin: request.timeouts.tcpFin || this.#timeouts.tcpFin,
          udp: request.timeouts.udp || this.#timeouts.udp,
        };
        return ok();
      case 'sysctls':
        return ok(Array.from(this.#sysctls, ([name, value]) => ({ name, value })));
      case 'set-sysctl':
        if (!this.#sysctls.has(request.name)) return refused('ENOENT');
        if (request.value === '') return refused('EINVAL');
        if (request.value === 'odd') return refused('EIO', 'odd, says the daemon');
        this.#sysctls.set(request.name, request.value);
        return ok();
      case 'zero':
        return request.key !== undefined && this.#find(request.key) === undefined ? refused('ESRCH') : ok();
      case 'stop-sync-daemon':
        return refused('ESRCH');
      case 'connections':
        return ok();
      case 'batch': {
        const before = this.#services;
        for (const [index, change] of request.requests.entries()) {
          const [reply] = this.#change(change);
          if (reply?.ok === false) {
            this.#services = before;
            return [{ ...reply, index }];
          }
        }
        return ok();
      }
      default:
        return this.#change(request);
    }
  };

  #change(request: Single): readonly Reply[] {
    switch (request.op) {
      case 'flush':
        this.#services = [];
        return ok();
      case 'add-service':
      case 'edit-service': {
        const { key, scheduler, persistenceEngine } = request.service;
        const old = this.#find(key);
        if (request.op === 'add-service' && old !== undefined) return refused('EEXIST');
        if (request.op === 'edit-service' && old === undefined) return refused('ESRCH');
        if (!SCHEDULERS.includes(scheduler)) return refused('ENOENT');
        if (![null, 'sip'].includes(persistenceEngine)) return refused('ENOENT');
        this.#put(key, service(key, request.service, old?.destinations ?? []));
        return ok();
      }
      case 'delete-service':
        if (this.#find(request.key) === undefined) return refused('ESRCH');
        this.#put(request.key, undefined);
        return ok();
      case 'add-destination':
      case 'edit-destination':
        return this.#putDestination(request.op === 'edit-destination', request.key, request.destination);
      case 'delete-destination': {
        const found = this.#find(request.key);
        if (found === undefined) return refused('ESRCH');
        const rest = found.destinations.filter((each) => !isSame(each, request.destination));
        if (rest.length === found.destinations.length) return refused('ENOENT');
        this.#put(request.key, { ...found, destinations: rest });
        return ok();
      }
      default:
        return refused('ENOTSUP');
    }
  }

  #putDestination(isEdit: boolean, key: ServiceKey, spec: DestinationSpec): readonly Reply[] {
    const found = this.#find(key);
    if (found === undefined) return refused('ESRCH');
    if (spec.lowerThreshold > spec.upperThreshold) return refused('ERANGE');
    const others = found.destinations.filter((each) => !isSame(each, spec));
    const exists = others.length < found.destinations.length;
    if (exists !== isEdit) return refused(isEdit ? 'ENOENT' : 'EEXIST');
    this.#put(key, { ...found, destinations: [destination(spec.address, spec.port, spec), ...others] });
    return ok();
  }

  #find(key: ServiceKey): ServiceListing | undefined {
    return this.#services.find((each) => JSON.stringify(each.key) === JSON.stringify(key));
  }

  #put(key: ServiceKey, service: ServiceListing | undefined): void {
    const others = this.#services.filter((each) => JSON.stringify(each.key) !== JSON.stringify(key));
    this.#services = service === undefined ? others : [...others, service];
  }
}

function isSame(left: DestinationKey, right: DestinationKey): boolean {
  return left.address === right.address && left.port === right.port;
}
