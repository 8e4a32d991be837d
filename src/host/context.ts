/** What the parts of one daemon's host plumbing have in common. */

import type { ProtocolName } from '../net/family.js';
import type { WideCapture } from './capture.js';
import type { CapturedNetworks } from './captured-networks.js';
import type { Journal } from './journal.js';
import type { RouteFacts } from './location.js';
import type { HostSystem } from './system.js';

export type Level = 'info' | 'warn';

/** Where sentences for the operator go; `fields` repeat the values in them. */
export type Log = (level: Level, sentence: string, fields?: Readonly<Record<string, unknown>>) => void;

/**
 * Tells the neighbours on a device once that the address is here now: gratuitous ARP, or an unsolicited neighbour
 * advertisement. Throws when it cannot.
 */
export type Announce = (device: string, address: string) => void;

export interface HostContext {
  readonly system: HostSystem;
  readonly journal: Journal;
  readonly log: Log;
  readonly device: string;
  readonly table: number;
  /** Told where a virtual address is, before rules and routes are changed for it, and whenever that changes. */
  readonly onVipLocation: (address: string, isLocal: boolean) => void;
  /** Told the kernel's way to a real server, null when there is none, before rules are changed, and when it changes. */
  readonly onRoute: (address: string, route: RouteFacts | null) => void;
  /** Of which protocols packets are captured, see capture.ts. */
  readonly capturedProtocols: readonly ProtocolName[];
  /** Told what captured packets are selected that nobody asked for, before that comes into force. */
  readonly onCapture: (capture: WideCapture) => void;
  /** Told networks of all captured packets, before they come into force, and whenever they change. */
  readonly onCapturedNetworks: (networks: CapturedNetworks) => void;
  /** Whether to answer for virtual addresses on a LAN, see lan-answers.ts. */
  readonly answersOnLan: boolean;
  readonly announce: Announce;
  /** Runs the action while no other uipvs daemon moves what they share. */
  readonly withLock: <T>(action: () => Promise<T>) => Promise<T>;
}
