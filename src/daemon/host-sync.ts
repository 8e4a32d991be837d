/**
 * Keeps the host in step with the model.
 *
 * The engine tells `HostChanges` which services and destinations came and went; `take` hands out what came since the last
 * call, and `HostSync.apply` carries it to the host plumbing, which does much at once if it is asked for much at once. Two
 * classes, because the engine, which has the device, comes before the host plumbing. A VIP is known to the engine before packets for it are led in and until after they no longer are, so that no packet comes in that the
 * engine would send straight back.
 */
import type { AddressObserver, DestinationPlace } from '../engine/engine.js';
import type { HostPlumbing } from '../host/host-plumbing.js';
import type { ServiceKey } from '../ipvs/specification.js';
import { familyOf } from '../net/address.js';

type AddressKey = Extract<ServiceKey, { kind: 'address' }>;

/** What the engine offers for VIPs. */
export interface VipKeeper {
  addVip(address: string): void;
  removeVip(address: string): void;
}

export type HostChange =
  | { readonly what: 'service-added' | 'service-removed'; readonly key: AddressKey }
  | { readonly what: 'destination-added' | 'destination-removed'; readonly place: DestinationPlace };

/** What the engine took into use and gave up, until somebody takes it. */
export class HostChanges implements AddressObserver {
  #pending: HostChange[] = [];

  serviceAdded(key: ServiceKey): void {
    if (key.kind === 'address') this.#pending.push({ what: 'service-added', key });
  }

  serviceRemoved(key: ServiceKey): void {
    if (key.kind === 'address') this.#pending.push({ what: 'service-removed', key });
  }

  destinationAdded(place: DestinationPlace): void {
    this.#pending.push({ what: 'destination-added', place });
  }

  destinationRemoved(place: DestinationPlace): void {
    this.#pending.push({ what: 'destination-removed', place });
  }

  /** The changes since the last call, in order. */
  take(): readonly HostChange[] {
    const taken = this.#pending;
    this.#pending = [];
    return taken;
  }
}

export class HostSync {
  readonly #host: HostPlumbing;
  readonly #vips: VipKeeper;
  readonly #servicesOfVip = new Map<string, number>();

  constructor(host: HostPlumbing, vips: VipKeeper) {
    this.#host = host;
    this.#vips = vips;
  }

  /** Settles when the host has all of them; throws the first refusal, after all were tried. */
  async apply(changes: readonly HostChange[]): Promise<void> {
    const outcomes = await Promise.allSettled(changes.map((change) => this.#apply(change)));
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    if (refused) throw refused.reason;
  }

  async #apply(change: HostChange): Promise<void> {
    switch (change.what) {
      case 'service-added':
        return await this.#addService(change.key);
      case 'service-removed':
        return await this.#removeService(change.key);
      case 'destination-added':
        return await this.#host.addRealServer(change.place);
      case 'destination-removed':
        return await this.#host.removeRealServer(change.place);
    }
  }

  async #addService(key: AddressKey): Promise<void> {
    this.#vips.addVip(key.address);
    this.#servicesOfVip.set(key.address, (this.#servicesOfVip.get(key.address) ?? 0) + 1);
    await this.#host.addVirtualService({ ...key, family: familyOf(key.address) });
  }

  /** Also undoes an addition that the host refused. */
  async #removeService(key: AddressKey): Promise<void> {
    try {
      await this.#host.removeVirtualService({ ...key, family: familyOf(key.address) });
    } finally {
      const left = (this.#servicesOfVip.get(key.address) ?? 1) - 1;
      this.#servicesOfVip.set(key.address, left);
      if (left === 0) {
        this.#servicesOfVip.delete(key.address);
        this.#vips.removeVip(key.address);
      }
    }
  }
}
