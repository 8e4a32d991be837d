/**
 * Theory of operation: a batch of changes is carried out entirely or not at all.
 *
 * The model refuses single requests only, so a batch is rehearsed first: `rehearse` carries it out on a second director,
 * over a data plane that does nothing, which has the services that the batch names, their destinations and those of
 * theirs that still lie in the trash, and room for as many more as the first has. What passes there is not refused by
 * the first one either, as nothing comes between. The host can still refuse new addresses; then the daemon takes back
 * what it did by the inverses of the changes, last one first, each told by `inverseOf` before its change.
 *
 * Both take long with 100,000 destinations, and are walks in steps: the caller lets no other change in between, and no new
 * connection be decided for while the changes are made, so that none meets a table that is half restored.
 *
 * Schedulers are not told of the rehearsal, but for `init`, by which one may refuse a service.
 */
import { UipvsError } from '../base/error.js';
import { BatchRefusal } from '../control/batch-refusal.js';
import type { Change } from '../control/protocol.js';
import { Director } from '../ipvs/director.js';
import { serviceName } from '../ipvs/name.js';
import type { Scheduler } from '../ipvs/scheduler.js';
import type { ServiceView } from '../ipvs/service.js';
import type { ServiceKey } from '../ipvs/specification.js';
import { IdleDataPlane } from './idle-data-plane.js';

/** What takes a change back. */
export interface Inverse {
  readonly change: Change;
  /** Of a destination to be added: how many were before it. */
  readonly place?: number;
}

/**
 * Carries out one change.
 *
 * @param place of a destination that is added: how many are to be before it
 * @throws UipvsError as the director's method of that name
 */
export function carryOut(director: Director, change: Change, place = 0): void {
  switch (change.op) {
    case 'flush':
      director.flush();
      break;
    case 'add-service':
      director.addService(change.service);
      break;
    case 'edit-service':
      director.editService(change.service);
      break;
    case 'delete-service':
      director.deleteService(change.key);
      break;
    case 'add-destination':
      director.addDestination(change.key, change.destination, place);
      break;
    case 'edit-destination':
      director.editDestination(change.key, change.destination);
      break;
    case 'delete-destination':
      director.deleteDestination(change.key, change.destination);
      break;
  }
}

/** The same in steps. @throws UipvsError as `carryOut`, and then nothing has changed */
export function* carryingOut(director: Director, change: Change): Generator<void> {
  if (change.op === 'flush') yield* director.flushing();
  else carryOut(director, change);
}

/**
 * Changes nothing. In steps, between which the model must not change.
 *
 * @throws BatchRefusal with the code and the words of the first change that would be refused
 */
export function* rehearsing(director: Director, changes: readonly Change[]): Generator<void> {
  const stage = yield* settingStage(director, changes);
  for (const [index, change] of changes.entries()) {
    try {
      yield* carryingOut(stage, change);
    } catch (thrown) {
      if (!(thrown instanceof UipvsError)) throw thrown;
      throw new BatchRefusal(index, thrown);
    }
    yield;
  }
}

/**
 * What takes `change` back after it was carried out, in order; nothing for one that would be refused. A deleted
 * destination comes back to its place, a deleted service as the newest.
 */
export function inverseOf(director: Director, change: Change): readonly Inverse[] {
  switch (change.op) {
    case 'flush':
      return [...director.services()].flatMap(makingOf).map((making) => ({ change: making }));
    case 'add-service':
      return [{ change: { op: 'delete-service', key: change.service.key } }];
    case 'edit-service': {
      const service = director.findService(change.service.key);
      return service === undefined ? [] : [{ change: { op: 'edit-service', service: service.spec } }];
    }
    case 'delete-service': {
      const service = director.findService(change.key);
      return service === undefined ? [] : makingOf(service).map((making) => ({ change: making }));
    }
    case 'add-destination':
      return [{ change: { op: 'delete-destination', key: change.key, destination: change.destination } }];
    case 'edit-destination':
    case 'delete-destination':
      return changeOfDestination(director, change);
  }
}

function changeOfDestination(
  director: Director,
  { op, key, destination }: Extract<Change, { op: 'edit-destination' | 'delete-destination' }>,
): readonly Inverse[] {
  const service = director.findService(key);
  const found = service?.find(destination);
  if (service === undefined || found === undefined) return [];
  if (op === 'edit-destination') return [{ change: { op, key, destination: found.spec } }];
  const place = service.destinations.indexOf(found);
  return [{ change: { op: 'add-destination', key, destination: found.spec }, place }];
}

/** The changes that make the service with its destinations in their order. */
function makingOf({ key, spec, destinations }: ServiceView): Change[] {
  const making: Change[] = [{ op: 'add-service', service: spec }];
  for (const { spec: destination } of [...destinations].reverse()) {
    making.push({ op: 'add-destination', key, destination });
  }
  return making;
}

/** A director that has of `director` what concerns `changes`. */
function* settingStage(director: Director, changes: readonly Change[]): Generator<void, Director> {
  const isNamed = yield* namesOf(changes);
  const discarded = [...director.discarded()];
  const services = [...director.services()];
  const othersIds = new Set<string>();
  let othersDestinations = 0;
  for (const { key } of discarded.map(({ service }) => service)) {
    if (isNamed(key)) continue;
    othersIds.add(serviceName(key));
    othersDestinations += 1;
  }
  for (const { key, destinations } of services) {
    if (isNamed(key)) continue;
    othersIds.add(serviceName(key));
    othersDestinations += destinations.length;
  }
  const { maxServices, maxDestinations } = director.limits;
  const dataPlane = new IdleDataPlane(maxServices - othersIds.size, maxDestinations - othersDestinations);
  const curtain = { isUp: false };
  const schedulers = new Map([...director.schedulers].map(([name, one]) => [name, understudy(one, curtain)]));
  const stage = new Director({ dataPlane, schedulers, clock: () => 0 });
  for (const { service, destination } of discarded.filter((one) => isNamed(one.service.key))) {
    if (stage.findService(service.key) === undefined) stage.restoreService(service);
    stage.addDestination(service.key, destination);
    stage.deleteDestination(service.key, destination);
    yield;
  }
  yield* stage.flushing();
  for (const service of services) {
    if (!isNamed(service.key)) continue;
    for (const change of makingOf(service)) {
      if (change.op === 'add-service') stage.restoreService(change.service);
      else carryOut(stage, change);
      yield;
    }
  }
  curtain.isUp = true;
  return stage;
}

/** Tells whether a service is one that the changes name; a flush names all. */
function* namesOf(changes: readonly Change[]): Generator<void, (key: ServiceKey) => boolean> {
  const names = new Set<string>();
  for (const change of changes) {
    if (change.op === 'flush') return () => true;
    names.add(serviceName('service' in change ? change.service.key : change.key));
    yield;
  }
  return (key) => names.has(serviceName(key));
}

/** What stands for a scheduler in the rehearsal: it can only refuse, and that not before the curtain is up. */
function understudy(scheduler: Scheduler, curtain: { readonly isUp: boolean }): Scheduler {
  return {
    name: scheduler.name,
    init: (service) => (curtain.isUp ? scheduler.init?.(service) : undefined),
    schedule: () => undefined,
  };
}
