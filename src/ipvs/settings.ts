import { isDeepStrictEqual } from 'node:util';
import { checkTimeouts } from './admission.js';
import type { DataPlane, PacketPolicy } from './data-plane.js';
import { dropRateOf, isDefenceOn, withDefenceModes } from './defence.js';
import type { SysctlListing, Timeouts } from './listing.js';
import type { SysctlName } from './sysctl.js';
import { SysctlValues } from './sysctl-values.js';

/** Source: net/netfilter/ipvs/ip_vs_proto_tcp.c and ip_vs_proto_udp.c, the timeout tables. */
const DEFAULT_TIMEOUTS: Timeouts = { tcp: 900, tcpFin: 120, udp: 300 };

/**
 * What holds for all services: the timeouts, the settings of net.ipv4.vs and the state of the defence. What the data
 * plane follows of it, it hears at the start and when it changes, before it shows here.
 */
export class Settings {
  readonly #dataPlane: DataPlane;
  #timeouts = DEFAULT_TIMEOUTS;
  #sysctls = SysctlValues.byDefault();
  /** As of the last `updateDefence`. */
  #availablePages = Number.POSITIVE_INFINITY;
  #policy: PacketPolicy;

  constructor(dataPlane: DataPlane) {
    this.#dataPlane = dataPlane;
    this.#policy = policyOf(this.#sysctls, this.#availablePages);
    dataPlane.setTimeouts(this.#timeouts);
    dataPlane.setPolicy(this.#policy);
  }

  get timeouts(): Timeouts {
    return this.#timeouts;
  }

  /** Sets the timeouts that are not 0. @throws UipvsError EINVAL: not an integer of 0..MAX_TIMEOUT_SECONDS */
  setTimeouts(timeouts: Timeouts): void {
    checkTimeouts(timeouts);
    const { tcp, tcpFin, udp } = this.#timeouts;
    const merged = {
      tcp: timeouts.tcp || tcp,
      tcpFin: timeouts.tcpFin || tcpFin,
      udp: timeouts.udp || udp,
    };
    this.#dataPlane.setTimeouts(merged);
    this.#timeouts = merged;
  }

  /** In the order of their names. */
  listSysctls(): SysctlListing[] {
    return this.#sysctls.list();
  }

  /** Of a setting that is one number. */
  sysctl(name: SysctlName): number {
    return this.#sysctls.number(name);
  }

  /** @throws UipvsError ENOENT no such setting; EINVAL what it cannot be */
  setSysctl(name: string, text: string): void {
    this.#take(this.#sysctls.with(name, text), this.#availablePages);
  }

  /** @param availablePages of memory: free ones and buffers */
  updateDefence(availablePages: number): void {
    this.#take(this.#sysctls, availablePages);
  }

  #take(sysctls: SysctlValues, availablePages: number): void {
    const settled = withDefenceModes(sysctls, availablePages);
    const policy = policyOf(settled, availablePages);
    if (!isDeepStrictEqual(policy, this.#policy)) this.#dataPlane.setPolicy(policy);
    this.#policy = policy;
    this.#sysctls = settled;
    this.#availablePages = availablePages;
  }
}

function policyOf(values: SysctlValues, availablePages: number): PacketPolicy {
  const reuseMode = values.number('conn_reuse_mode');
  return {
    // Any mode but 0 lets a closed connection be used again. Source: ip_vs_core.c, ip_vs_in_hook.
    connReuseMode: reuseMode === 0 ? 0 : (reuseMode & 2) | 1,
    expireNodestConn: values.isSet('expire_nodest_conn'),
    expireQuiescentTemplate: values.isSet('expire_quiescent_template'),
    sloppyTcp: values.isSet('sloppy_tcp'),
    sloppySctp: values.isSet('sloppy_sctp'),
    isSecureTcp: isDefenceOn(values, 'secure_tcp'),
    dropRate: dropRateOf(values, availablePages),
    dropsEntries: isDefenceOn(values, 'drop_entry'),
    natIcmpSend: values.isSet('nat_icmp_send'),
    scheduleIcmp: values.isSet('schedule_icmp'),
  };
}
