import { type AddressKeeper, HostSync } from '../../src/daemon/host-sync.js';
import type { VirtualService } from '../../src/host/entry.js';
import type { HostPlumbing } from '../../src/host/host-plumbing.js';

const OPTIONS = { device: 'uipvs0', masqueradePorts: { first: 61000, last: 62000 } };

/** Writes down in their order what is asked of the host and of the engine, and refuses what it is told to. */
export class RecordingHost {
  readonly calls: string[] = [];
  /** VIPs that are addresses of the host. */
  readonly local = new Set<string>();
  /** Real servers for which the host has nothing to change. */
  readonly inPlace = new Set<string>();
  /** What the host refuses to add, a turn after it was asked: services by port, real servers by address. */
  readonly refused = new Map<number | string, Error>();

  /** One that works on this host. */
  makeSync(masqueradeAddresses: readonly string[] = []): HostSync {
    return new HostSync(this.#plumbing, this.#engine, { ...OPTIONS, masqueradeAddresses });
  }

  readonly #engine: AddressKeeper = {
    addVip: (vip) => void this.calls.push(`engine +${vip}`),
    removeVip: (vip) => void this.calls.push(`engine -${vip}`),
    isVipLocal: (vip) => this.local.has(vip),
    openMark: (mark, device) => void this.calls.push(`open ${mark} ${device}`),
    closeMark: (mark) => void this.calls.push(`close ${mark}`),
  };

  readonly #plumbing = {
    reservePorts: async ({ first, last }) => {
      this.calls.push(`reserve ${first}-${last}`);
      const refusal = this.refused.get('ports');
      if (refusal !== undefined) throw refusal;
    },
    addVirtualService: ({ address: vip, port = 0, alsoPorts = [] }: Partial<VirtualService>) =>
      this.#add(port, `${vip}:${port}${alsoPorts.length > 0 ? ' and more' : ''}`),
    removeVirtualService: async ({ address: vip, port = 0 }) => void this.calls.push(`host -${vip}:${port}`),
    tryAddRealServer: ({ address: rip }) => this.inPlace.has(rip) && this.calls.push(`at once +${rip}`) > 0,
    tryRemoveRealServer: ({ address: rip }) =>
      this.inPlace.has(rip) && this.calls.push(`at once -${rip}`) > 0,
    addRealServer: ({ address: rip }) => this.#add(rip, rip),
    removeRealServer: async ({ address: rip }) => void this.calls.push(`host -${rip}`),
    addFirewallMark: async ({ mark, family }) => void this.calls.push(`host +mark ${mark} ipv${family}`),
    removeFirewallMark: async ({ mark, family }) => void this.calls.push(`host -mark ${mark} ipv${family}`),
  } as Pick<
    HostPlumbing,
    | 'reservePorts'
    | 'addVirtualService'
    | 'removeVirtualService'
    | 'tryAddRealServer'
    | 'tryRemoveRealServer'
    | 'addRealServer'
    | 'removeRealServer'
    | 'addFirewallMark'
    | 'removeFirewallMark'
  > as HostPlumbing;

  async #add(what: number | string, text: string): Promise<void> {
    this.calls.push(`host +${text}`);
    await new Promise(setImmediate);
    const refusal = this.refused.get(what);
    if (refusal !== undefined) throw refusal;
  }
}
