/**
 * Theory of operation: a TUN device that nobody has open drops what is sent to it; one that somebody has open keeps it in
 * its queue. So that packets wait while the daemon is dead, a service manager keeps the devices' descriptors: systemd's
 * descriptor store, with `FileDescriptorStoreMax=` in the unit. The daemon sends them to it when it opens the devices, and is
 * started again with them. Without a service manager, or one that keeps nothing, nothing of this happens.
 *
 * A device is kept under its own name, a descriptor a worker. Source: sd_notify(3), FDSTORE, FDSTOREREMOVE;
 * sd_listen_fds(3).
 */
import { messageOf } from '../base/error.js';
import type { Addon } from '../engine/addon.js';
import type { Logger } from './logger.js';

type Environment = Readonly<Record<string, string | undefined>>;

// Specification: sd_listen_fds(3), SD_LISTEN_FDS_START.
const FIRST_DESCRIPTOR = 3;
const MOST_DESCRIPTORS = 4096;

/** The descriptors that the service manager has started process `pid` with, and their names. */
export function passedDescriptors(
  environment: Environment,
  pid: number,
): readonly (readonly [number, string])[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES = '' } = environment;
  const count = Number(LISTEN_FDS);
  if (LISTEN_PID !== String(pid) || !Number.isInteger(count) || count < 1 || count > MOST_DESCRIPTORS)
    return [];
  const names = LISTEN_FDNAMES.split(':');
  return Array.from({ length: count }, (_, index) => [FIRST_DESCRIPTOR + index, names[index] ?? ''] as const);
}

export class DescriptorStore {
  readonly #send: Addon['sendNotice'];
  readonly #log: Logger;
  /** Of the service manager; null where there is none. */
  readonly #socketPath: string | null;
  /** By name: those that the daemon was started with and that nobody has taken. */
  readonly #passed = new Map<string, number[]>();
  /** Names under which the service manager has something. */
  readonly #kept = new Map<string, readonly number[]>();

  constructor(addon: Pick<Addon, 'sendNotice'>, environment: Environment, pid: number, log: Logger) {
    this.#send = addon.sendNotice;
    this.#log = log;
    this.#socketPath = environment.NOTIFY_SOCKET || null;
    for (const [descriptor, name] of passedDescriptors(environment, pid)) {
      this.#passed.set(name, [...(this.#passed.get(name) ?? []), descriptor]);
    }
    for (const [name, descriptors] of this.#passed) this.#kept.set(name, descriptors);
  }

  /** Those of the name that the daemon was started with, which are the caller's from now on. */
  take(name: string): readonly number[] {
    const descriptors = this.#passed.get(name) ?? [];
    this.#passed.delete(name);
    return descriptors;
  }

  /** From now on these are what is kept under the name. */
  keep(name: string, descriptors: readonly number[]): void {
    const kept = this.#kept.get(name) ?? [];
    // One that is kept and not read would take a part of the packets for itself.
    if (kept.length === descriptors.length && kept.every((each) => descriptors.includes(each))) return;
    this.giveUp(name);
    this.#kept.set(name, descriptors);
    this.#notify(`FDSTORE=1\nFDNAME=${name}`, descriptors);
  }

  /** Nothing is kept under the name any more. */
  giveUp(name: string): void {
    if (this.#kept.delete(name)) this.#notify(`FDSTOREREMOVE=1\nFDNAME=${name}`, []);
  }

  #notify(text: string, descriptors: readonly number[]): void {
    if (this.#socketPath === null) return;
    try {
      this.#send(this.#socketPath, text, descriptors);
    } catch (thrown) {
      this.#log.warn(`the service manager was not told ${text.split('\n')[0]}: ${messageOf(thrown)}`);
    }
  }
}
