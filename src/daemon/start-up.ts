/**
 * The beginning of a daemon, up to where packets of connections go on: state of the daemon before, engine, device, model,
 * workers. The host is not touched yet, but for the device.
 */
import { networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UipvsError } from '../base/error.js';
import { makeGuardedDirectory } from '../base/guarded-path.js';
import { type Addon, loadAddon } from '../engine/addon.js';
import { Engine } from '../engine/engine.js';
import { Director } from '../ipvs/director.js';
import type { Scheduler } from '../ipvs/scheduler.js';
import type { ProtocolName } from '../net/family.js';
import { makeBuiltinSchedulers } from '../scheduling/registry.js';
import { wlc } from '../scheduling/wlc.js';
import { ControlSockets } from './control-sockets.js';
import { DescriptorStore } from './descriptor-store.js';
import { type AddressKeeper, type HostChange, HostChanges } from './host-sync.js';
import type { Logger } from './logger.js';
import type { DaemonOptions } from './options.js';
import { loadOwnSchedulers } from './own-schedulers.js';
import { State } from './state.js';
import { openEarly } from './wire.js';

/** How long a killed daemon may take to be gone, and how often it is asked. */
const RELEASE_MS = 2000;
const RELEASE_RETRY_MS = 5;
/** 16,384 services and 131,072 destinations take 11 MB when all are used. */
const MAX_SERVICES = 16_384;
const MAX_DESTINATIONS = 131_072;

/** What there is before the host is touched. */
export interface Parts {
  readonly log: Logger;
  readonly addon: Addon;
  readonly engine: Engine;
  readonly changes: HostChanges;
  readonly director: Director;
  readonly state: State | null;
  readonly store: DescriptorStore;
}

/** What there is when packets go on, before the host is looked at. */
export interface Prepared {
  readonly parts: Parts;
  /** In force on the TUN device. */
  readonly offloads: readonly string[];
  /** Of which protocols packets are taken from the wire, if any. */
  readonly wireProtocols: readonly ProtocolName[];
  readonly reinject: 'raw' | 'tun';
  /** What the restored configuration asks of the host. */
  readonly restored: readonly HostChange[];
}

/**
 * Everything up to the start of the workers. Throws UipvsError with one sentence for the operator; the host is then as it
 * was, or as a dead daemon left it.
 *
 * @param onBegin called before anything is done that the end of the process would leave behind
 */
export async function prepare(options: DaemonOptions, log: Logger, onBegin: () => void): Promise<Prepared> {
  makeDirectory(dirname(options.socketPath));
  if (options.readSocketPath !== null) makeDirectory(dirname(options.readSocketPath));
  if (!options.isStandby) await ControlSockets.assertFree(options);
  const ownSchedulers = await loadOwnSchedulers(options.schedulers);
  const addon = loadAddon();
  const changes = new HostChanges();
  const limits = {
    connections: options.connections,
    services: MAX_SERVICES,
    destinations: MAX_DESTINATIONS,
    workers: options.workers,
  };
  const engine = new Engine(addon, limits, changes);
  const store = new DescriptorStore(addon, process.env, process.pid, log);
  const state = await openState(engine, options, store, log);
  onBegin();
  if (options.isStandby) await ControlSockets.assertFree(options);
  engine.masquerading.setPorts(options.masqueradePorts.first, options.masqueradePorts.last);
  // The device is the lock: whoever cannot have it must not touch what its holder made on the host.
  const offloads = await openTunOf(engine, options.device, { state, store });
  if (state === null) store.giveUp(options.device);
  else state.deviceOpened(0, options.device);
  // The same kernels can describe super-packets of UDP to a TUN device and to a packet socket: native/io/wire_filter.h.
  const isUdpOnWire = offloads.includes('uso');
  engine.devices.setUdpOnWire(isUdpOnWire);
  const wireProtocols: readonly ProtocolName[] = isUdpOnWire ? ['tcp', 'udp'] : ['tcp'];
  const reinject = chooseReinjection(engine, options, log);
  openKeptErrors(engine, log);
  const director = makeDirector(engine, ownSchedulers);
  const parts = { log, addon, engine, changes, director, state, store };
  return { parts, offloads, wireProtocols, reinject, restored: takeUp(parts, options) };
}

/**
 * Null where nothing is kept. A daemon that was killed may have its lock for a moment still; a standby waits as long as
 * it takes. Errors: of {@link State.open}.
 */
async function openState(
  engine: Engine,
  options: DaemonOptions,
  store: DescriptorStore,
  log: Logger,
): Promise<State | null> {
  const { stateDirectory, isFresh, isStandby } = options;
  if (stateDirectory === null) return null;
  const open = () => State.open(engine, { stateDirectory, isFresh, store }, log);
  if (isStandby) log.info({ stateDirectory }, 'stands by');
  return await retryWhileBusy(open, isStandby ? Number.POSITIVE_INFINITY : RELEASE_MS);
}

/** The device of a daemon that has just been killed is given up a moment later than its lock. Errors: of openTun(). */
function openTunOf(
  engine: Engine,
  device: string,
  { state, store }: Pick<Parts, 'state' | 'store'>,
): Promise<readonly string[]> {
  const forMs = state?.isLeftover(device) ? RELEASE_MS : 0;
  return retryWhileBusy(() => engine.devices.openTun(device, store.take(device)), forMs);
}

async function retryWhileBusy<Result>(task: () => Result, forMs: number): Promise<Result> {
  const endsAt = performance.now() + forMs;
  for (;;) {
    try {
      return task();
    } catch (thrown) {
      const isBusy = thrown instanceof UipvsError && thrown.code === 'EBUSY';
      if (!isBusy || performance.now() >= endsAt) throw thrown;
    }
    await delay(RELEASE_RETRY_MS);
  }
}

function makeDirector(engine: Engine, ownSchedulers: ReadonlyMap<string, Scheduler>): Director {
  const nowMs = () => performance.now();
  const builtin = makeBuiltinSchedulers({
    nowMs,
    random: Math.random,
    expirationSeconds: (scheduler) => director.sysctl(`${scheduler}_expiration`),
  });
  const schedulers = new Map([...builtin, ...ownSchedulers]);
  const director: Director = new Director({ dataPlane: engine, schedulers, clock: nowMs, fallback: wlc });
  return director;
}

/**
 * Starts the workers, on connections of before if there are any: their packets go on from here, before the host is looked
 * at, new ones wait. Returns what the restored configuration asks of the host.
 */
function takeUp(
  { log, engine, changes, director, state }: Parts,
  { io, masqueradeAddresses }: DaemonOptions,
): readonly HostChange[] {
  const startedAt = performance.now();
  const report = state?.restore(director) ?? null;
  const restored = changes.take();
  // A VIP is known before packets for it come in: see HostSync. Where it is, the host will say.
  const addresses = new Set(
    Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address)),
  );
  for (const address of masqueradeAddresses) {
    engine.addVip(address);
    engine.masquerading.addAddress(address);
    engine.setVipLocal(address, addresses.has(address));
  }
  for (const change of restored) {
    if (change.what !== 'service-added' || change.key.kind !== 'address') continue;
    engine.addVip(change.key.address);
    engine.setVipLocal(change.key.address, addresses.has(change.key.address));
  }
  if (report !== null && io.kind === 'packet') openEarly(engine.devices, io.interfaces);
  engine.start((serviceId, flow) => director.schedule(serviceId, flow));
  if (report !== null) {
    const tookMs = Math.round(performance.now() - startedAt);
    log.info({ ...report, tookMs }, `goes on with ${report.connections} connections of the daemon before`);
  }
  return restored;
}

/** Devices that are opened for marks stay when the daemon dies. */
export function keeperOf({ engine, state, store }: Pick<Parts, 'engine' | 'state' | 'store'>): AddressKeeper {
  return {
    addVip: (address) => engine.addVip(address),
    removeVip: (address) => engine.removeVip(address),
    isVipLocal: (address) => engine.isVipLocal(address),
    openMark: (mark, device) => {
      engine.devices.openMark(mark, device, store.take(device));
      state?.deviceOpened(mark, device);
    },
    closeMark: (mark) => {
      state?.deviceClosing(mark);
      engine.devices.closeMark(mark);
    },
  };
}

/** Errors: of {@link Devices.openRaw}, if raw was asked for. */
function chooseReinjection(engine: Engine, options: DaemonOptions, log: Logger): 'raw' | 'tun' {
  const wanted = options.io.kind === 'packet' ? 'raw' : options.reinject;
  if (wanted === 'tun') return 'tun';
  try {
    engine.devices.openRaw();
    return 'raw';
  } catch (thrown) {
    if (wanted === 'raw' || !(thrown instanceof UipvsError)) throw thrown;
    log.warn(`packets leave through the TUN device: ${thrown.message}`);
    return 'tun';
  }
}

/** Without it all else goes on. */
function openKeptErrors(engine: Engine, log: Logger): void {
  try {
    engine.devices.openKeptErrors();
  } catch (thrown) {
    if (!(thrown instanceof UipvsError)) throw thrown;
    const what =
      'ICMP errors to addresses of the host, as those of masqueraded connections, reach nobody else';
    log.warn(`${what}: ${thrown.message}`);
  }
}

function makeDirectory(path: string): void {
  try {
    makeGuardedDirectory(path, 0o755);
  } catch (thrown) {
    if (thrown instanceof UipvsError) throw thrown;
    throw new UipvsError(
      'EACCES',
      `directory ${path} for the control socket cannot be made: ${messageOf(thrown)}`,
    );
  }
}
