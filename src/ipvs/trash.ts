import type { Destination } from './destination.js';
import { destinationName, serviceName } from './name.js';
import type { Service } from './service.js';
import type { DestinationKey, ServiceKey } from './specification.js';

/**
 * How long a destination stays in the trash at least, so that no packet or decision in flight still names its id.
 * Differs from the kernel: there it stays until it had no connections for 120 s (IP_VS_DEST_TRASH_PERIOD); a
 * destination without connections has nothing to give back but its statistics.
 */
export const TRASH_PERIOD_MS = 2000;

/** A deleted destination, the service it was deleted from, and when. */
export interface TrashedDestination {
  readonly destination: Destination;
  readonly service: Service;
  readonly sinceMs: number;
}

/**
 * Deleted destinations that connections may still name, by the names of their service and their own.
 *
 * Source: net/netfilter/ipvs/ip_vs_ctl.c, ip_vs_trash_get_dest and ip_vs_dest_trash_expire.
 */
export class Trash {
  readonly #entries = new Map<string, TrashedDestination>();

  put(service: Service, destination: Destination, nowMs: number): void {
    const entry = { destination, service, sinceMs: nowMs };
    this.#entries.set(entryName(service.key, destination), entry);
  }

  /** The destination of that name, where it is here. */
  find(serviceKey: ServiceKey, key: DestinationKey): TrashedDestination | undefined {
    return this.#entries.get(entryName(serviceKey, key));
  }

  /** Takes a destination out to use it again. */
  remove(serviceKey: ServiceKey, key: DestinationKey): void {
    this.#entries.delete(entryName(serviceKey, key));
  }

  /** Takes out all that have lain long enough and that nothing refers to. */
  collect(nowMs: number): TrashedDestination[] {
    const collected: TrashedDestination[] = [];
    for (const [name, entry] of this.#entries) {
      if (nowMs - entry.sinceMs < TRASH_PERIOD_MS || entry.destination.isReferenced) continue;
      this.#entries.delete(name);
      collected.push(entry);
    }
    return collected;
  }
}

function entryName(serviceKey: ServiceKey, key: DestinationKey): string {
  return `${serviceName(serviceKey)} ${destinationName(key)}`;
}
