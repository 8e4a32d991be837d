/**
 * `--io packet`: which interfaces packets are taken from.
 *
 * All Ethernet interfaces that are up and have an address, or those that the operator names, as they come and go. A ring
 * is open before the kernel is told to drop what comes by it, and closed after the kernel has been told to stop: so none
 * is lost, and of those that come both ways for a moment the engine leaves out the second.
 */
import { networkInterfaces } from 'node:os';
import { messageOf } from '../base/error.js';
import type { Devices } from '../engine/devices.js';
import type { HostPlumbing } from '../host/host-plumbing.js';
import type { Logger } from './logger.js';
import { vlanObstacles } from './vlan-obstacles.js';

const NO_HARDWARE_ADDRESS = '00:00:00:00:00:00';

/** Names of the Ethernet interfaces that are up and have an address, but for those that VLANs make unfit. */
function presentInterfaces(): readonly string[] {
  const obstacles = vlanObstacles();
  return ethernets().filter((name) => !obstacles.has(name));
}

function ethernets(): readonly string[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) => {
    const isEthernet = addresses?.some(({ internal, mac }) => !internal && mac !== NO_HARDWARE_ADDRESS);
    return isEthernet ? [name] : [];
  });
}

/** Opens the rings that a daemon before had: the kernel still drops what comes by them, so each moment counts. */
export function openEarly(devices: Pick<Devices, 'openWire'>, wanted: readonly string[] | null): void {
  for (const name of presentInterfaces()) {
    if (wanted !== null && !wanted.includes(name)) continue;
    try {
      devices.openWire(name);
    } catch {
      // Said by follow(), which tries again.
    }
  }
}

export class Wire {
  readonly #devices: Pick<Devices, 'openWire' | 'closeWire' | 'hasWire' | 'setWireChanging'>;
  readonly #host: Pick<HostPlumbing, 'setCaptureDevices'>;
  readonly #wanted: readonly string[] | null;
  readonly #log: Logger;
  /** Those that packets are taken from, sorted. */
  #taken: readonly string[] = [];
  /** What was said of interfaces that packets are not taken from, so that it is said once. */
  readonly #complaints = new Map<string, string>();

  /** @param wanted names of interfaces; null: all that there are */
  constructor(
    devices: Pick<Devices, 'openWire' | 'closeWire' | 'hasWire' | 'setWireChanging'>,
    host: Pick<HostPlumbing, 'setCaptureDevices'>,
    wanted: readonly string[] | null,
    log: Logger,
  ) {
    this.#devices = devices;
    this.#host = host;
    this.#wanted = wanted;
    this.#log = log;
  }

  /** Follows interfaces that came or went since the last call. Errors: of the host's plumbing. */
  async follow(): Promise<void> {
    const present = presentInterfaces();
    for (const name of this.#wanted ?? []) {
      if (!present.includes(name))
        this.#complain(name, `there is no interface ${name} that is up and has an address`);
    }
    const wanted = present.filter((name) => this.#wanted?.includes(name) ?? true);
    const gone = this.#taken.filter((name) => !wanted.includes(name) || !this.#devices.hasWire(name));
    const kept = this.#taken.filter((name) => !gone.includes(name));
    const fresh = wanted.filter((name) => !kept.includes(name));
    if (gone.length + fresh.length > 0) await this.#change(kept, gone, fresh);
  }

  /** Gives all interfaces back to the kernel. */
  async close(): Promise<void> {
    await this.#change([], this.#taken, []);
  }

  async #change(kept: readonly string[], gone: readonly string[], fresh: readonly string[]): Promise<void> {
    try {
      if (gone.length > 0) {
        this.#devices.setWireChanging(true);
        await this.#take(kept);
        for (const name of gone) this.#devices.closeWire(name);
      }
      const opened = fresh.filter((name) => this.#open(name));
      if (opened.length > 0) await this.#takeOpened(kept, opened);
    } finally {
      this.#devices.setWireChanging(false);
    }
  }

  async #takeOpened(kept: readonly string[], opened: readonly string[]): Promise<void> {
    try {
      await this.#take([...kept, ...opened]);
    } catch (thrown) {
      // The kernel treats what comes by them.
      for (const name of opened) this.#devices.closeWire(name);
      throw thrown;
    }
  }

  async #take(names: readonly string[]): Promise<void> {
    const sorted = names.toSorted();
    await this.#host.setCaptureDevices(sorted);
    this.#taken = sorted;
    this.#log.info({ interfaces: sorted }, 'packets are taken from the wire');
  }

  #open(name: string): boolean {
    try {
      const isTaken = this.#devices.openWire(name);
      this.#complaints.delete(name);
      return isTaken;
    } catch (thrown) {
      this.#complain(name, messageOf(thrown));
      return false;
    }
  }

  #complain(name: string, complaint: string): void {
    if (this.#complaints.get(name) !== complaint) this.#log.warn({ interface: name }, complaint);
    this.#complaints.set(name, complaint);
  }
}
