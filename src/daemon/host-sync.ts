/**
 * Keeps the host in step with the model.
 *
 * The engine tells here which services and destination addresses came and went; after each change `flush` carries that
 * to the host plumbing, in order. A VIP is known to the engine before packets for it are led in and until after they no
 * longer are, so that no packet comes in that the engine would send straight back.
 */
import type { AddressObserver } from '../engine/engine.js';
import type { HostPlumbing } from '../host/host-plumbing.js';
import type { ServiceKey } from '../ipvs/specification.js';
import { familyOf } from '../net/address.js';

type AddressKey = Extract<ServiceKey, { kind: 'address' }>;

/** What the engine offers for VIPs. */
export interface VipKeeper {
  addVip(address: string): void;
  removeVip(address: string): void;
}

type Change =
  | { readonly what: 'service-added' | 'service-removed'; readonly key: AddressKey }
  | { readonly what: 'destination-added' | 'destination-removed'; readonly address: string };

export class HostSync implements AddressObserver {
  readonly #host: HostPlumbing;
  readonly #pending: Change[] = [];
  readonly #servicesOfVip = new Map<string, number>();
  #vips: VipKeeper | undefined;

  constructor(host: HostPlumbing) {
    this.#host = host;
  }

  /** The engine is made with this observer, so it is named afterwards. */
  keepVipsIn(vips: VipKeeper): void {
    this.#vips = vips;
  }

  serviceAdded(key: ServiceKey): void {
    if (key.kind === 'address') this.#pending.push({ what: 'service-added', key });
  }

  serviceRemoved(key: ServiceKey): void {
    if (key.kind === 'address') this.#pending.push({ what: 'service-removed', key });
  }

  destinationAdded(address: string): void {
    this.#pending.push({ what: 'destination-added', address });
  }

  destinationRemoved(address: string): void {
    this.#pending.push({ what: 'destination-removed', address });
  }

  /** Carries every change so far to the host. A change that fails is dropped; the error is thrown after the others. */
  async flush(): Promise<void> {
    const failures: unknown[] = [];
    for (let change = this.#pending.shift(); change; change = this.#pending.shift()) {
      try {
        await this.#apply(change);
      } catch (thrown) {
        failures.push(thrown);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  async #apply(change: Change): Promise<void> {
    switch (change.what) {
      case 'service-added':
        return await this.#addService(change.key);
      case 'service-removed':
        return await this.#removeService(change.key);
      case 'destination-added':
        return await this.#host.addRealServer({ family: familyOf(change.address), address: change.address });
      case 'destination-removed':
        return await this.#host.removeRealServer({
          family: familyOf(change.address),
          address: change.address,
        });
    }
  }

  async #addService(key: AddressKey): Promise<void> {
    this.#vips?.addVip(key.address);
    this.#servicesOfVip.set(key.address, (this.#servicesOfVip.get(key.address) ?? 0) + 1);
    await this.#host.addVirtualService({ ...key, family: familyOf(key.address) });
  }

  async #removeService(key: AddressKey): Promise<void> {
    await this.#host.removeVirtualService({ ...key, family: familyOf(key.address) });
    const left = (this.#servicesOfVip.get(key.address) ?? 1) - 1;
    this.#servicesOfVip.set(key.address, left);
    if (left > 0) return;
    this.#servicesOfVip.delete(key.address);
    this.#vips?.removeVip(key.address);
  }
}
