/**
 * Theory of operation: captured packets must not be handled twice.
 *
 * An AF_PACKET socket gets a copy of each packet that comes in by its device; the packet itself goes on into the kernel,
 * which would route it to the TUN device, too. So the kernel must drop, without a word, exactly those that the data
 * plane takes from its socket. On a capture device these are the packets of TCP and, where the kernel can describe all of
 * its super-packets to a socket (Linux 6.2), of UDP
 *
 *   (a) to a VIP that is no address of the host,
 *   (b) to a service's port on a VIP that is one,
 *   (c) from a real server.
 *
 * Everything else goes the way it always does, through the TUN device: ICMP, above all, whose errors the kernel must be
 * able to deliver, other protocols, SCTP too, other devices, and the host's own packets.
 *
 * There are two means. capture-filter.ts, a chain of nftables at the ingress hook, drops before the kernel has looked at
 * the IP header; capture-rules.ts, policy rules and blackhole routes, needs nothing but `ip`. Measured with a flood of
 * 22-byte datagrams to one of 4096 VIPs, sender and receiver on one processor: 2.2 us a packet with the filter, 2.0 us
 * if it drops without a look, 2.6 us with the rules, 3.4 us with 64 rules in front; 3.2 us is a packet's whole way through
 * the fastest director. So the filter is used where there is nftables.
 *
 * While there are firewall marks the data plane takes no requests from the wire, only replies, and only these are
 * dropped: which mark a packet will get its copy does not show, and a packet with a mark must go to the mark's device.
 * Then it is the rules, since marks are set behind the ingress hook.
 *
 * What is selected may be wider than what is asked for, see cover.ts: then the data plane is told first, since
 * whatever of it is not balanced must be sent on.
 */
import { messageOf } from '../base/error.js';
import type { Family, ProtocolName } from '../net/family.js';
import { maxPrefixLength, type Network } from '../net/prefix.js';
import { CaptureFilter } from './capture-filter.js';
import { CaptureRules } from './capture-rules.js';
import { NetworksInForce, networkOf } from './captured-networks.js';
import type { HostContext } from './context.js';
import type { PortRange } from './port-range.js';
import { NOTHING, type Selection } from './selection.js';
import { captureTables, refuseTakenTable } from './table.js';

/** What is selected beyond single real servers' addresses and services' ports. */
export interface WideCapture {
  readonly sources: readonly Network[];
  /** `first` 0 with `last` 65535: the whole protocol. */
  readonly ports: readonly (Network & PortRange & { readonly protocol: ProtocolName })[];
}

export type Selections = Readonly<Record<Family, Selection>>;

/** A way to make the kernel drop. */
export interface CaptureMeans {
  /** Makes the kernel drop this, and no more than this. Errors: UipvsError; then some of it may be in the kernel. */
  apply(devices: readonly string[], selections: Selections): Promise<void>;
  /** Puts back what somebody else took away of what was applied last. */
  verify(): Promise<void>;
}

/** What is selected by (c) alone. */
function onlyReplies(selections: Selections): Selections {
  const reduced = (family: Family): Selection => ({ ...NOTHING, sources: selections[family].sources });
  return { 4: reduced(4), 6: reduced(6) };
}

/** The capture of one daemon. Callers serialise. */
export class Capture {
  readonly #context: HostContext;
  readonly #rules: CaptureRules;
  readonly #filter: CaptureFilter;
  readonly #networks: NetworksInForce;
  readonly #selections: Record<Family, Selection> = { 4: NOTHING, 6: NOTHING };
  #devices: readonly string[] = [];
  #isFilterUsable = true;
  #hasMarks = false;
  #told = JSON.stringify({ sources: [], ports: [] });

  constructor(context: HostContext) {
    this.#context = context;
    this.#rules = new CaptureRules(context);
    this.#filter = new CaptureFilter(context);
    this.#networks = new NetworksInForce(context.onCapturedNetworks);
  }

  get devices(): readonly string[] {
    return this.#devices;
  }

  /** Rules and routes in the kernel that drop captured packets. */
  linesOf(family: Family): Iterable<string> {
    return this.#rules.linesOf(family);
  }

  /** Takes away what a daemon before left, where this one has not made it its own. */
  async disown(): Promise<void> {
    await this.#filter.disown();
  }

  get isOn(): boolean {
    return this.#devices.length > 0;
  }

  /** Errors: EEXIST when a routing table that it takes is in use; EPERM, EIO. */
  async setDevices(devices: readonly string[]): Promise<void> {
    const { system, table } = this.#context;
    if (devices.length > 0 && !this.isOn) {
      for (const number of Object.values(captureTables(table))) {
        for (const family of [4, 6] as const)
          await refuseTakenTable(system, family, number, null, ' for captured packets');
      }
    }
    // What was selected before the last pause may be out of date.
    if (!this.isOn) for (const family of [4, 6] as const) this.#selections[family] = NOTHING;
    this.#devices = [...new Set(devices)].sort();
    // Perhaps nftables is there by now.
    this.#isFilterUsable = true;
    await this.#apply();
  }

  async setSelection(family: Family, selection: Selection): Promise<void> {
    this.#selections[family] = selection;
    await this.#apply();
  }

  /** Whether there are firewall marks. */
  async setMarks(hasMarks: boolean): Promise<void> {
    if (this.#hasMarks === hasMarks) return;
    this.#hasMarks = hasMarks;
    await this.#apply();
  }

  async verify(): Promise<void> {
    if (!this.isOn) return;
    await this.#filter.verify();
    await this.#rules.verify();
  }

  get #selected(): readonly Selection[] {
    return this.isOn ? ([4, 6] as const).map((family) => this.#selections[family]) : [];
  }

  async #apply(): Promise<void> {
    this.#tell();
    this.#networks.begin(this.#selected);
    await this.#makeDrop();
    this.#networks.end(this.#selected);
  }

  /** The new means is there before the old one goes. */
  async #makeDrop(): Promise<void> {
    if (this.isOn && this.#isFilterUsable && !this.#hasMarks) {
      try {
        await this.#filter.apply(this.#devices, this.#selections);
        await this.#rules.apply([], this.#selections);
        return;
      } catch (thrown) {
        this.#isFilterUsable = false;
        this.#context.log('info', `Captured packets are dropped by policy rules: ${messageOf(thrown)}`);
      }
    }
    await this.#rules.apply(this.#devices, this.#hasMarks ? onlyReplies(this.#selections) : this.#selections);
    await this.#filter.apply([], this.#selections);
  }

  #tell(): void {
    const selections = this.#selected;
    const wide: WideCapture = {
      sources: selections.flatMap(({ sources }) =>
        sources.filter(({ family, length }) => length < maxPrefixLength(family)).map(networkOf),
      ),
      ports: selections.flatMap(({ ports }) =>
        ports
          .filter(
            ({ isWide, protocolName }) => isWide && this.#context.capturedProtocols.includes(protocolName),
          )
          .map((box) => {
            const { protocolName: protocol, first, last } = box;
            return { ...networkOf(box), protocol, first, last };
          }),
      ),
    };
    const text = JSON.stringify(wide);
    if (text !== this.#told) this.#context.onCapture(wide);
    this.#told = text;
  }
}
