/** What a daemon says when it opens its host plumbing. */
import { UipvsError } from '../base/error.js';
import type { ProtocolName } from '../net/family.js';
import type { WideCapture } from './capture.js';
import type { CapturedNetworks } from './captured-networks.js';
import type { Announce, Log } from './context.js';
import type { RouteFacts } from './location.js';
import { isUsableTable } from './table.js';

export interface HostOptions {
  /** Name of the TUN device, which another part makes. */
  readonly device: string;
  /** Number of a routing table that nothing else uses. */
  readonly table: number;
  /** File that outlives a crash but not a reboot, such as /run/uipvs/host.json; its directory is made. */
  readonly journalPath: string;
  readonly log: Log;
  /** Told where a virtual address is, before rules and routes are changed for it, and whenever that changes. */
  readonly onVipLocation?: (address: string, isLocal: boolean) => void;
  /**
   * Told the kernel's way to a real server, null when there is none: before rules are added for it, and whenever a
   * refresh finds it changed. A server that is removed and added again is told again.
   */
  readonly onRoute?: (address: string, route: RouteFacts | null) => void;
  /** Of which protocols packets are captured, see {@link HostPlumbing.setCaptureDevices}. Default TCP and UDP. */
  readonly capturedProtocols?: readonly ProtocolName[];
  /**
   * Told what the kernel drops of captured packets beyond single real servers' addresses and services' ports, see
   * {@link HostPlumbing.setCaptureDevices}: before it does, and whenever that changes. At first there is nothing.
   */
  readonly onCapture?: (capture: WideCapture) => void;
  /**
   * Told networks of whatever the kernel drops of captured packets, before it does, and whenever that changes: other
   * packets need not be captured.
   */
  readonly onCapturedNetworks?: (networks: CapturedNetworks) => void;
  /** Whether to answer for virtual addresses in a subnet of the host, see lan-answers.ts. Default true. */
  readonly answersOnLan?: boolean;
  /**
   * Whether to go on with what a dead daemon with this device and table left on the host: nothing of it is taken away
   * before {@link HostPlumbing.disown}. Default false: it is undone first.
   */
  readonly adopts?: boolean;
  /** Needed for neighbours to send to us at once that had such an address from another host. */
  readonly announce?: Announce;
}

/** Whether a network device may have this name. */
export function isDeviceName(text: string): boolean {
  return /^[\w.-]{1,15}$/.test(text) && !['.', '..', 'all', 'default'].includes(text);
}

/** Errors: EINVAL. */
export function checkOptions({ device, table }: HostOptions): void {
  if (!isDeviceName(device) || device === 'lo') {
    throw new UipvsError('EINVAL', `Expected the name of a TUN device but received "${device}"`);
  }
  if (!isUsableTable(table)) {
    throw new UipvsError('EINVAL', `Expected an unused routing table's number but received ${table}`);
  }
}

/** Errors: EINVAL for a name that is none, of one of our own devices or of the loopback. */
export function checkCaptureDevices(names: readonly string[], ownDevices: readonly string[]): void {
  for (const name of names) {
    if (!isDeviceName(name) || name === 'lo' || ownDevices.includes(name))
      throw new UipvsError('EINVAL', `Expected the name of a device to capture from but received "${name}"`);
  }
}
