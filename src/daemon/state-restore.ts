/** From a saved state to the model, and back. */
import { UipvsError } from '../base/error.js';
import type { Director } from '../ipvs/director.js';
import { serviceName } from '../ipvs/name.js';
import type { ServiceSpec } from '../ipvs/specification.js';
import type { DiscardedDestination, SavedState } from './saved-state.js';
import type { StateEntry } from './state-entry.js';

/**
 * Makes an empty model what the state says: deleted destinations, which connections may still name, lie in the trash.
 *
 * @param onRefusal told of each service, destination or setting that is refused by this version or with these limits
 */
export function restoreInto(
  director: Director,
  state: SavedState,
  onRefusal: (refusal: UipvsError) => void,
): void {
  const attempt = (task: () => void): boolean => {
    try {
      task();
      return true;
    } catch (thrown) {
      if (!(thrown instanceof UipvsError)) throw thrown;
      onRefusal(thrown);
      return false;
    }
  };
  if (!attempt(() => director.keepDestinationIds(state.ids()))) return;
  for (const [service, discarded] of byService(state.discarded())) {
    if (!attempt(() => director.restoreService(service))) continue;
    for (const { spec, id } of discarded) attempt(() => director.addDestination(service.key, spec, 0, id));
    director.deleteService(service.key);
  }
  for (const { spec, destinations } of state.services.values()) {
    if (!attempt(() => director.restoreService(spec))) continue;
    for (const { spec: destination, id } of destinations.values()) {
      attempt(() => director.addDestination(spec.key, destination, 0, id));
    }
  }
  const { timeouts } = state;
  if (timeouts !== null) attempt(() => director.setTimeouts(timeouts));
  for (const [name, value] of state.sysctls) attempt(() => director.setSysctl(name, value));
}

/** Each service as it was last. */
function byService(
  all: Iterable<DiscardedDestination>,
): Iterable<readonly [ServiceSpec, readonly DiscardedDestination[]]> {
  const groups = new Map<string, [ServiceSpec, DiscardedDestination[]]>();
  for (const discarded of all) {
    const name = serviceName(discarded.service.key);
    const [, before] = groups.get(name) ?? [discarded.service, []];
    before.push(discarded);
    groups.set(name, [discarded.service, before]);
  }
  return groups.values();
}

/** The entries that say what the model is now, but for the first one. The model must not change meanwhile. */
export function* entriesOf(director: Director, devices: Iterable<string>): Generator<StateEntry> {
  for (const name of devices) yield { op: 'keep-device', name };
  yield { op: 'set-timeouts', timeouts: director.timeouts };
  for (const { name, value } of director.sysctls()) yield { op: 'set-sysctl', name, value };
  for (const { service, destination, id } of director.discarded()) {
    const { key } = service;
    yield {
      op: 'batch',
      entries: [
        { op: 'add-service', service },
        { op: 'add-destination', key, destination, id, place: 0 },
        { op: 'delete-service', key },
      ],
    };
  }
  for (const { key, spec, destinations } of director.services()) {
    yield { op: 'add-service', service: spec };
    for (const { spec: destination, id } of [...destinations].reverse()) {
      yield { op: 'add-destination', key, destination, id, place: 0 };
    }
  }
}
