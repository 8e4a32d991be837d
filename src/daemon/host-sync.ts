/**
 * Keeps the host in step with the model.
 *
 * The engine tells `HostChanges` which services and destinations came and went; `take` hands out what came since the
 * last call, and `HostSync.apply` carries it to the host plumbing, which does much at once if it is asked for much at
 * once. Two classes, because the engine, which has the device, comes before the host plumbing. A VIP is known to the
 * engine before packets for it are led in and until after they no longer are, so that no packet comes in that the engine
 * would send straight back. A firewall mark's device is there before packets are led to it, and as long.
 *
 * A VIP that is no address of the host stays for a minute after its last service: whoever asks for it meanwhile is
 * refused at once, as by a kernel director that has the address, and a clear followed by a restore moves no route.
 */
import type { AddressObserver, DestinationPlace } from '../engine/address-observer.js';
import { FTP_DATA_PORTS } from '../host/entry.js';
import { markDeviceName } from '../host/firewall-mark.js';
import type { HostPlumbing } from '../host/host-plumbing.js';
import type { ServiceTraits } from '../ipvs/data-plane.js';
import type { ServiceKey } from '../ipvs/specification.js';
import { familyOf } from '../net/address.js';
import type { MasqueradePorts } from './masquerade-options.js';

type AddressKey = Extract<ServiceKey, { kind: 'address' }>;
type MarkKey = Extract<ServiceKey, { kind: 'fwmark' }>;

const VIP_LINGER_MS = 60_000;
/** Source: RFC 959 section 3.2. */
const FTP_PORT = 21;

/** What the engine offers for VIPs and marks. */
export interface AddressKeeper {
  addVip(address: string): void;
  removeVip(address: string): void;
  isVipLocal(address: string): boolean;
  openMark(mark: number, device: string): void;
  closeMark(mark: number): void;
}

export type HostChange =
  | {
      readonly what: 'service-added' | 'service-edited';
      readonly key: ServiceKey;
      readonly traits: ServiceTraits;
    }
  | { readonly what: 'service-removed'; readonly key: ServiceKey }
  | { readonly what: 'destination-added' | 'destination-removed'; readonly place: DestinationPlace };

/** What the engine took into use and gave up, until somebody takes it. */
export class HostChanges implements AddressObserver {
  #pending: HostChange[] = [];

  serviceAdded(key: ServiceKey, traits: ServiceTraits): void {
    this.#pending.push({ what: 'service-added', key, traits });
  }

  serviceEdited(key: ServiceKey, traits: ServiceTraits): void {
    this.#pending.push({ what: 'service-edited', key, traits });
  }

  serviceRemoved(key: ServiceKey): void {
    this.#pending.push({ what: 'service-removed', key });
  }

  destinationAdded(place: DestinationPlace): void {
    this.#pending.push({ what: 'destination-added', place });
  }

  destinationRemoved(place: DestinationPlace): void {
    this.#pending.push({ what: 'destination-removed', place });
  }

  /** How many `take` would hand out. */
  get count(): number {
    return this.#pending.length;
  }

  /** The changes since the last call, in order. */
  take(): readonly HostChange[] {
    const taken = this.#pending;
    this.#pending = [];
    return taken;
  }
}

export interface HostSyncOptions {
  /** The main TUN device, after which those of marks are named. */
  readonly device: string;
  /** Kept from the host's own sockets as soon as a service is masqueraded. */
  readonly masqueradePorts: MasqueradePorts;
  /** The engine's VIPs whatever services there are. */
  readonly masqueradeAddresses: readonly string[];
}

export class HostSync {
  readonly #host: HostPlumbing;
  readonly #engine: AddressKeeper;
  readonly #device: string;
  readonly #masqueradePorts: MasqueradePorts;
  #reservation: Promise<void> | undefined;
  /** Masquerading counts as one. */
  readonly #servicesOfVip: Map<string, number>;
  readonly #servicesOfMark = new Map<number, number>();
  /** VIPs without a service that are kept a while, by address: what ends it. */
  readonly #lingering = new Map<string, { readonly timer: NodeJS.Timeout; readonly key: AddressKey }>();
  /** VIPs that the host has taken, not those that it refused. */
  readonly #taken = new Set<string>();

  constructor(host: HostPlumbing, engine: AddressKeeper, options: HostSyncOptions) {
    this.#host = host;
    this.#engine = engine;
    this.#device = options.device;
    this.#masqueradePorts = options.masqueradePorts;
    this.#servicesOfVip = new Map(options.masqueradeAddresses.map((address) => [address, 1]));
  }

  /** Settles when the host has tried all of them; why it refuses some, by their index. Never rejects. */
  async tryApply(changes: readonly HostChange[]): Promise<ReadonlyMap<number, unknown>> {
    const refusals = new Map<number, unknown>();
    const pending: Promise<void>[] = [];
    for (const [index, change] of changes.entries()) {
      if (this.#isDoneAtOnce(change)) continue;
      pending.push(this.#apply(change).catch((thrown: unknown) => void refusals.set(index, thrown)));
    }
    if (pending.length > 0) await Promise.all(pending);
    return refusals.size > 1 ? new Map([...refusals].sort(([one], [other]) => one - other)) : refusals;
  }

  /** Most are one more or one less of a real server that the host knows. */
  #isDoneAtOnce(change: HostChange): boolean {
    if (change.what === 'destination-added') return this.#host.tryAddRealServer(change.place);
    return change.what === 'destination-removed' && this.#host.tryRemoveRealServer(change.place);
  }

  async #apply(change: HostChange): Promise<void> {
    if ('traits' in change && change.traits.masquerade !== null) {
      this.#reservation ??= this.#host.reservePorts(this.#masqueradePorts);
      await this.#reservation.catch((thrown: unknown) => {
        this.#reservation = undefined;
        throw thrown;
      });
    }
    switch (change.what) {
      case 'service-added':
        return change.key.kind === 'fwmark'
          ? await this.#addMark(change.key)
          : await this.#addService(change.key);
      case 'service-edited':
        return;
      case 'service-removed':
        return change.key.kind === 'fwmark'
          ? await this.#removeMark(change.key)
          : await this.#removeService(change.key);
      case 'destination-added':
        return await this.#host.addRealServer(change.place);
      case 'destination-removed':
        return await this.#host.removeRealServer(change.place);
    }
  }

  async #addService(key: AddressKey): Promise<void> {
    this.#engine.addVip(key.address);
    add(this.#servicesOfVip, key.address, 1);
    await this.#leadPackets(key);
    this.#taken.add(key.address);
    await this.#endLingering(key.address, key);
  }

  /** FTP is for its data connections' ports as well; what is none of theirs is handed back to the host. */
  #leadPackets(key: AddressKey): Promise<void> {
    const isFtp = key.protocol === 'tcp' && key.port === FTP_PORT;
    const alsoPorts = isFtp ? FTP_DATA_PORTS : [];
    return this.#host.addVirtualService({ ...key, family: familyOf(key.address), alsoPorts });
  }

  /** Also undoes an addition that the host refused. */
  async #removeService(key: AddressKey): Promise<void> {
    const isLast = this.#servicesOfVip.get(key.address) === 1;
    if (isLast && this.#taken.has(key.address) && !this.#engine.isVipLocal(key.address)) this.#linger(key);
    else await this.#giveUp(key);
  }

  #linger(key: AddressKey): void {
    const timer = setTimeout(() => void this.#endLingering(key.address).catch(() => {}), VIP_LINGER_MS);
    this.#lingering.set(key.address, { timer, key });
  }

  /** @param successor a service that has come: the host is not told to take away what this one needs */
  async #endLingering(address: string, successor?: AddressKey): Promise<void> {
    const lingering = this.#lingering.get(address);
    if (lingering === undefined) return;
    clearTimeout(lingering.timer);
    this.#lingering.delete(address);
    const { protocol, port } = lingering.key;
    if (successor?.protocol === protocol && successor.port === port) add(this.#servicesOfVip, address, -1);
    else await this.#giveUp(lingering.key);
  }

  /** Forgets the VIPs that are kept a while; the host plumbing takes them away when it is closed. */
  stopWaiting(): void {
    for (const { timer } of this.#lingering.values()) clearTimeout(timer);
    this.#lingering.clear();
  }

  async #giveUp(key: AddressKey): Promise<void> {
    try {
      await this.#host.removeVirtualService({ ...key, family: familyOf(key.address) });
    } finally {
      if (add(this.#servicesOfVip, key.address, -1) === 0) {
        this.#taken.delete(key.address);
        this.#engine.removeVip(key.address);
      }
    }
  }

  async #addMark({ mark, family }: MarkKey): Promise<void> {
    const device = markDeviceName(this.#device, mark);
    if (add(this.#servicesOfMark, mark, 1) === 1) this.#engine.openMark(mark, device);
    await this.#host.addFirewallMark({ mark, family, device });
  }

  /** Also undoes an addition that the host refused. */
  async #removeMark({ mark, family }: MarkKey): Promise<void> {
    try {
      await this.#host.removeFirewallMark({ mark, family });
    } finally {
      if (add(this.#servicesOfMark, mark, -1) === 0) this.#engine.closeMark(mark);
    }
  }
}

/** Adds to a count, forgets it at 0, and returns it. */
function add<Key>(counts: Map<Key, number>, key: Key, amount: number): number {
  const count = (counts.get(key) ?? 0) + amount;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
  return count;
}
