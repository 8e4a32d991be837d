/** The native data plane as JavaScript sees it. Conversion only; see native/napi/addon.cc. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { messageOf, UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';

/** What lies where the connection table is to be kept. Source: native/engine/engine.h, Engine::Found. */
export type FoundTable =
  | 'nothing'
  | 'table'
  | 'unfinished'
  | 'other-size'
  | 'other-layout'
  | 'other-capacity'
  | 'other-boot';

/** How many connections go on, and why others do not. Source: native/core/table_recovery.h. */
export interface RecoveryReport {
  readonly connections: number;
  readonly expired: number;
  /** Their destination is not there any more. */
  readonly homeless: number;
  /** Torn or spoilt. */
  readonly broken: number;
}

export interface NativeEngine {
  /**
   * The connection table is kept in the directory from now on; says what was found there. To be called first. Throws
   * NativeError: see native/engine/state_file.h.
   */
  openState(directory: string, isFresh: boolean): FoundTable;
  /** Takes over the connections that were found, once the destinations are there and before `start`. */
  recover(): RecoveryReport;
  /** Whether a device stays when the process ends; mark 0 is the main one's. */
  isDeviceKept(mark: number): boolean;
  /** Throws NativeError. */
  keepDevice(mark: number, isKept: boolean): void;
  /**
   * Makes the TUN device, or takes it over by descriptors of it that were kept open, one a worker, which are the engine's
   * from now on; returns the TUN_F_* offloads in force. Throws NativeError.
   */
  openTun(name: string, kept: readonly number[]): number;
  /** Descriptors of a device, one a worker, which stay the engine's; mark 0 is the main one's. */
  deviceDescriptors(mark: number): readonly number[];
  /** After it packets leave past the kernel's IP stack where they can. Throws NativeError. */
  openRaw(): void;
  /** From start() on copies of ICMP errors to addresses of the host are treated too. Throws NativeError. */
  openKeptErrors(family: Family): void;
  /**
   * From now on packets that come in by the interface are taken from the wire; false, and they are not, where it is the
   * port of a bridge or a bond. Throws NativeError.
   */
  openWire(interfaceName: string): boolean;
  closeWire(interfaceName: string): void;
  /** Whether it is taken from, and still is the same interface, and no port. */
  hasWire(interfaceName: string): boolean;
  /** Between the two calls a packet that comes from the wire and by the TUN device is treated once; openWire begins it. */
  setWireChanging(isChanging: boolean): void;
  /**
   * What the kernel drops on the wire beyond VIPs, services' ports and real servers' addresses. `sources`: 6 words each,
   * family, address of four words, prefix length; `ports`: 9 words each, these and protocol, first port (0: the whole protocol), last.
   */
  setCapture(sources: Uint32Array, ports: Uint32Array): void;
  /** Before the first openWire(); without it TCP alone is taken from the wire. */
  setUdpOnWire(isTaken: boolean): void;
  /** Copies of other packets do not come from the wire; before the first call all come. Words as those of `sources`. */
  setWireNetworks(destinations: Uint32Array, sources: Uint32Array): void;
  start(ringDoorbell: () => void): void;
  /** Joins the worker threads. May be called twice. */
  stop(): void;
  /** Call after verdicts were posted. */
  wake(): void;
  /** Makes the device for packets with the mark, or takes it over as `openTun` does. Throws NativeError. */
  openMark(mark: number, name: string, kept: readonly number[]): void;
  /** The kernel takes the device away. */
  closeMark(mark: number): void;
  /** `mark` 0: a service by address. Of a mark's service only the family of `address` counts. */
  addService(id: number, protocol: number, port: number, address: Uint32Array, mark: number): boolean;
  /** `persistenceSeconds` 0: none. */
  setServiceTraits(
    id: number,
    isOnePacket: boolean,
    persistenceSeconds: number,
    netmask: number,
    isMasqueraded: boolean,
    /** Whose clients keep their address: five words a network, four of address and one of length. */
    unmasqueraded: Uint32Array,
    /** How the client's address is told: 0 not, 1 by TOA, 2 by PROXY. */
    telling: number,
    /** Persistence engine sip. */
    isSip: boolean,
  ): void;
  removeService(id: number): void;
  addVip(id: number, address: Uint32Array): boolean;
  removeVip(id: number): void;
  setVipLocal(id: number, isLocal: boolean): void;
  addRealServer(id: number, address: Uint32Array): boolean;
  removeRealServer(id: number): void;
  setRealServerLink(id: number, link: number): void;
  addRealPort(id: number, protocol: number, port: number, address: Uint32Array): boolean;
  removeRealPort(id: number): void;
  /** Whom a packet from there is taken to come from. */
  setRealPortOwner(id: number, serviceId: number, destinationId: number): void;
  /** `link`: number of the device that leads there, 0 where that is not known. */
  setDestinationRoute(id: number, mtuBytes: number, source: Uint32Array, link: number): void;
  setMasqueradePorts(first: number, last: number): void;
  /** For good, and before `start`; at most 64 of a family. */
  addMasqueradeAddress(address: Uint32Array): void;
  setMasqueradeAddressUsable(address: Uint32Array, isUsable: boolean): void;
  addDestination(id: number, port: number, address: Uint32Array): void;
  setDestinationAvailable(id: number, isAvailable: boolean): void;
  setDestinationTraits(id: number, isQuiesced: boolean, upperThreshold: number, lowerThreshold: number): void;
  clearDestination(id: number): void;
  setTimeouts(tcpSeconds: number, tcpFinSeconds: number, udpSeconds: number): void;
  setPolicy(
    connReuseMode: number,
    expireNodestConn: boolean,
    expireQuiescentTemplate: boolean,
    sloppyTcp: boolean,
    sloppySctp: boolean,
    isSecureTcp: boolean,
    dropRate: number,
    dropsEntries: boolean,
    natIcmpSend: boolean,
    scheduleIcmp: boolean,
  ): void;
  setRestoresHopLimit(restores: boolean): void;
  /**
   * Fills `words` with 20 words a connection and `callIds` with 256 bytes, a length and a text; returns [next cursor
   * (0 at the end), how many].
   */
  listConnections(cursor: number, words: Uint32Array, callIds: Uint8Array): [number, number];
  readonly liveConnections: number;
  /** errno of the receiver's last failure, 0 while all is well. */
  readonly receiveError: number;
  readonly laneMemory: ArrayBuffer;
  /** Blocks of 64 cells of 64 bits: that of decisions, then one a worker. */
  readonly counterMemory: ArrayBuffer;
  /** 64-bit words: nanoseconds in all, then a cell a bound of `latencyBoundsUs` and one for what is longer. */
  readonly latencyMemory: ArrayBuffer;
  readonly ringMemory: ArrayBuffer;
}

/** What the addon throws: an Error with the errno and the system call. */
export interface NativeError extends Error {
  readonly errno: number;
  readonly syscall: string;
}

/** Of the process that connected a Unix socket, when it did. Ids that are not known in this user namespace are 65534. */
export interface PeerCredentials {
  /** 0 where it is not seen in this pid namespace. */
  readonly pid: number;
  readonly uid: number;
  /** The effective one. */
  readonly gid: number;
  /** The supplementary ones. */
  readonly groups: readonly number[];
}

/** What an engine has room for. */
export interface EngineLimits {
  /** 1..1073741822 */
  readonly connections: number;
  readonly services: number;
  readonly destinations: number;
  /** Threads, 1..64. */
  readonly workers: number;
}

export interface Addon {
  readonly Engine: new (
    connections: number,
    services: number,
    destinations: number,
    workers: number,
  ) => NativeEngine;
  readonly counterNames: readonly string[];
  readonly latencyBoundsUs: readonly number[];
  /** Tells the neighbours on an Ethernet interface once that the address is here. Throws NativeError. */
  announceAddress(interfaceName: string, address: Uint32Array): void;
  readonly ringEntries: number;
  /**
   * Runs a program to its end, found in PATH, without a shell and with no capability but CAP_NET_ADMIN; neither JavaScript nor packets wait for it. What it said
   * and its exit code, null where a signal ended it. Rejects with NativeError where it could not be run.
   */
  runProgram(
    words: readonly string[],
    environment: readonly string[],
    input: string,
  ): Promise<readonly [code: number | null, output: string, errors: string]>;
  /** Sends a datagram, with descriptors, to a Unix socket, '@' for the abstract namespace. Throws NativeError. */
  sendNotice(path: string, text: string, descriptors: readonly number[]): void;
  /** Throws NativeError where the descriptor is no connected Unix socket. */
  peerCredentials(descriptor: number): PeerCredentials;
  /**
   * Gives up all capabilities of all threads but these, sets no-new-privs, and runs the program with these arguments, and
   * with these descriptors beside 0 to 2, in place of this one if that changes anything. Returns which stay in the bounding
   * set for want of CAP_SETPCAP, where they can be gained by nobody. Throws NativeError where anything else cannot be given
   * up.
   */
  restrictPrivileges(
    kept: readonly number[],
    program: string,
    argv: readonly string[],
    descriptors: readonly number[],
  ): readonly number[];
}

export function isNativeError(thrown: unknown): thrown is NativeError {
  return thrown instanceof Error && 'syscall' in thrown && 'errno' in thrown;
}

/** Loads the addon from build/Release beside the package. Throws UipvsError ENOENT where it was not built. */
export function loadAddon(): Addon {
  const path = fileURLToPath(new URL('../../../build/Release/uipvs.node', import.meta.url));
  try {
    return createRequire(import.meta.url)(path) as Addon;
  } catch (thrown) {
    throw new UipvsError(
      'ENOENT',
      `the native data plane ${path} cannot be loaded (${messageOf(thrown)}): run 'npm run setup'`,
    );
  }
}
