/** What the parts of one daemon's host plumbing have in common. */
import type { Journal } from './journal.js';
import type { HostSystem } from './system.js';

export type Level = 'info' | 'warn';

/** Where sentences for the operator go; `fields` repeat the values in them. */
export type Log = (level: Level, sentence: string, fields?: Readonly<Record<string, unknown>>) => void;

export interface HostContext {
  readonly system: HostSystem;
  readonly journal: Journal;
  readonly log: Log;
  readonly device: string;
  readonly table: number;
  /** Told where a virtual address is, before rules and routes are changed for it, and whenever that changes. */
  readonly onVipLocation: (address: string, isLocal: boolean) => void;
  /** Runs the action while no other uipvs daemon moves what they share. */
  readonly withLock: <T>(action: () => Promise<T>) => Promise<T>;
}
