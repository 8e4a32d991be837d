/** The devices that packets come by: TUN devices, interfaces whose packets are taken from the wire. */
import { UipvsError } from '../base/error.js';
import { addressWords } from '../net/address.js';
import type { ProtocolName } from '../net/family.js';
import type { Network } from '../net/prefix.js';
import { isNativeError, type NativeEngine } from './addon.js';
import { PROTOCOL_NUMBERS } from './protocol-number.js';
import { openTun } from './tun.js';
import { openKeptErrors, openRaw, openWire } from './wire.js';

const WORDS_PER_ADDRESS = 4;

/** Selectors of packets on the wire: networks that replies come from, ports of VIPs. */
export interface CaptureSelectors {
  readonly sources: readonly Network[];
  readonly ports: readonly (Network & {
    readonly protocol: ProtocolName;
    /** 0: the whole protocol. */
    readonly first: number;
    readonly last: number;
  })[];
}

function paddedWords(address: string): readonly number[] {
  return [...addressWords(address), 0, 0, 0].slice(0, WORDS_PER_ADDRESS);
}

function networkWords(networks: readonly Network[]): Uint32Array {
  return new Uint32Array(
    networks.flatMap(({ family, address, length }) => [family, ...paddedWords(address), length]),
  );
}

export class Devices {
  readonly #native: NativeEngine;

  constructor(native: NativeEngine) {
    this.#native = native;
  }

  /** Whether a TUN device, of a mark or with 0 the main one, stays when the process ends. */
  isDeviceKept(mark: number): boolean {
    return this.#native.isDeviceKept(mark);
  }

  /** Errors: NativeError. */
  keepDevice(mark: number, isKept: boolean): void {
    this.#native.keepDevice(mark, isKept);
  }

  /** Makes the TUN device; see {@link openTun}. */
  openTun(name: string, kept: readonly number[]): readonly string[] {
    return openTun(this.#native, name, kept);
  }

  /** Descriptors of a TUN device, one a worker, for somebody who keeps them open. */
  descriptorsOf(mark: number): readonly number[] {
    return this.#native.deviceDescriptors(mark);
  }

  /** Makes what leaves go straight to its next hop; see {@link openRaw}. Before start(). */
  openRaw(): void {
    openRaw(this.#native);
  }

  /** Hears of ICMP errors that the kernel keeps; see {@link openKeptErrors}. Before start(). */
  openKeptErrors(): void {
    openKeptErrors(this.#native);
  }

  /** Whether UDP is taken from the wire too, not only TCP. Before the first interface is. */
  setUdpOnWire(isTaken: boolean): void {
    this.#native.setUdpOnWire(isTaken);
  }

  /** Takes packets from an interface; see {@link openWire}. One that is taken from already stays. */
  openWire(interfaceName: string): boolean {
    return openWire(this.#native, interfaceName);
  }

  closeWire(interfaceName: string): void {
    this.#native.closeWire(interfaceName);
  }

  /**
   * To be told around what changes which packets the kernel drops on the wire: those that come both ways meanwhile, and
   * half a second longer, are treated once. {@link openWire} begins such a change by itself. After start().
   */
  setWireChanging(isChanging: boolean): void {
    this.#native.setWireChanging(isChanging);
  }

  /** False also where another interface has the name by now, or it has become the port of a bridge. */
  hasWire(interfaceName: string): boolean {
    return this.#native.hasWire(interfaceName);
  }

  /** What the kernel drops on the wire beyond what services and destinations name. At most 256 of each. */
  setCapture({ sources, ports }: CaptureSelectors): void {
    this.#native.setCapture(
      networkWords(sources),
      new Uint32Array(
        ports.flatMap((each) => [
          each.family,
          ...paddedWords(each.address),
          each.length,
          PROTOCOL_NUMBERS[each.protocol],
          each.first,
          each.last,
        ]),
      ),
    );
  }

  /** Packets that are not for or from these networks do not come from the wire any more. */
  setWireNetworks(destinations: readonly Network[], sources: readonly Network[]): void {
    this.#native.setWireNetworks(networkWords(destinations), networkWords(sources));
  }

  /** Packets with `mark` come by the device `name` from now on; `kept` as of {@link openTun}. Errors: EIO. */
  openMark(mark: number, name: string, kept: readonly number[]): void {
    try {
      this.#native.openMark(mark, name, kept);
    } catch (thrown) {
      if (!isNativeError(thrown)) throw thrown;
      throw new UipvsError(
        'EIO',
        `device ${name} for firewall mark ${mark} cannot be made: ${thrown.message}`,
      );
    }
  }

  closeMark(mark: number): void {
    this.#native.closeMark(mark);
  }
}
