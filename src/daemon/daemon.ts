/**
 * Theory of operation: uipvsd, composed.
 *
 *     control socket --> commands, in order ------> Director --> Engine (directory, counters)
 *                                                       |            |
 *                                                       |            +--> HostSync --> routes, rules, sysctls
 *     upcall from the worker --> Director.schedule <----+
 *
 * Start order: state of the daemon before, engine and device, worker, host, socket; the socket is there only when
 * everything works. A failure on the way undoes what was done. Stop order is the reverse: no new commands, host as it was
 * found, worker, device.
 * A command changes the model first and the host second; if the host refuses, the model is changed back, so that a
 * command that failed changed nothing.
 */
import { mkdir } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { type ErrorCode, messageOf, UipvsError } from '../base/error.js';
import { BatchRefusal } from '../control/batch-refusal.js';
import type { Outcome } from '../control/outcome.js';
import type { Request } from '../control/protocol.js';
import { ControlServer } from '../control/server.js';
import { loadAddon } from '../engine/addon.js';
import { Engine } from '../engine/engine.js';
import { HostPlumbing } from '../host/host-plumbing.js';
import { Director } from '../ipvs/director.js';
import { addressWords } from '../net/address.js';
import { makeBuiltinSchedulers } from '../scheduling/registry.js';
import { CommandRunner, type Run } from './commands.js';
import { type AddressKeeper, type HostChange, HostChanges, HostSync } from './host-sync.js';
import { InOrder } from './in-order.js';
import type { Logger } from './logger.js';
import { availablePages } from './memory.js';
import { Monitoring, metricsSource } from './monitoring.js';
import type { DaemonOptions } from './options.js';
import { State } from './state.js';
import { inSteps } from './steps.js';
import { openEarly, Wire } from './wire.js';

/** Source: net/netfilter/ipvs/ip_vs_est.c, the estimator's period. */
const ESTIMATOR_PERIOD_MS = 2000;
/** Source: net/netfilter/ipvs/ip_vs_ctl.c, DEFENSE_TIMER_PERIOD. */
const DEFENCE_PERIOD_MS = 1000;
const HOUSEKEEPING_PERIOD_MS = 1000;
const HOST_REFRESH_PERIOD_MS = 5000;
/** How soon an address that another program moves, as keepalived does, is followed. */
const ADDRESS_PERIOD_MS = 250;
/** How long a killed daemon may take to be gone, and how often it is asked. */
const RELEASE_MS = 2000;
const RELEASE_RETRY_MS = 5;
/** Asked of the host in one turn of the event loop: a few milliseconds' work. */
const CHANGES_PER_STEP = 1024;
const NO_ROUTE = { mtuBytes: 0, source: null, device: '' } as const;
/** 16,384 services and 131,072 destinations take 11 MB when all are used. */
const MAX_SERVICES = 16_384;
const MAX_DESTINATIONS = 131_072;
/** Refusals that ipvsadm has its own words for. Source: ipvsadm, libipvs.c (ipvs_strerror). */
const KERNEL_REFUSALS: ReadonlySet<ErrorCode> = new Set(['EEXIST', 'ENOENT', 'ESRCH', 'ERANGE', 'EINVAL']);

/** A request that was carried out on the model, and what it asks of the host. */
interface Carried {
  readonly run: Run;
  readonly changes: readonly HostChange[];
}

/** What there is before the host is touched. */
interface Parts {
  readonly log: Logger;
  readonly engine: Engine;
  readonly changes: HostChanges;
  readonly director: Director;
  readonly state: State | null;
}

export class Daemon {
  readonly #log: Logger;
  readonly #engine: Engine;
  readonly #host: HostPlumbing;
  readonly #changes: HostChanges;
  readonly #sync: HostSync;
  readonly #director: Director;
  readonly #commands: CommandRunner;
  readonly #state: State | null;
  readonly #inOrder = new InOrder();
  readonly #timers: NodeJS.Timeout[] = [];
  #server: ControlServer | undefined;
  #wire: Wire | undefined;
  #monitoring: Monitoring | undefined;
  #receiveError = 0;
  #stopping: Promise<void> | undefined;

  private constructor(parts: Parts, host: HostPlumbing, options: DaemonOptions) {
    const { log, engine, changes, director, state } = parts;
    this.#log = log;
    this.#engine = engine;
    this.#host = host;
    this.#changes = changes;
    this.#state = state;
    this.#director = director;
    this.#sync = new HostSync(host, keeperOf(engine, state), options);
    this.#commands = new CommandRunner(director, engine, (entry) => state?.note(entry));
  }

  /**
   * Starts everything. Throws UipvsError with one sentence for the operator; the host is then as it was, or as a dead
   * daemon left it.
   */
  static async start(options: DaemonOptions, log: Logger): Promise<Daemon> {
    await makeDirectory(dirname(options.socketPath));
    if (!options.isStandby) await ControlServer.assertFree(options.socketPath);
    const addon = loadAddon();
    const changes = new HostChanges();
    const limits = {
      connections: options.connections,
      services: MAX_SERVICES,
      destinations: MAX_DESTINATIONS,
      workers: options.workers,
    };
    const engine = new Engine(addon, limits, changes);
    const state = await openState(engine, options, log);
    if (options.isStandby) await ControlServer.assertFree(options.socketPath);
    engine.setMasqueradePorts(options.masqueradePorts.first, options.masqueradePorts.last);
    // The device is the lock: whoever cannot have it must not touch what its holder made on the host.
    const offloads = await openTunOf(engine, options.device, state);
    state?.deviceOpened(0, options.device);
    const reinject = chooseReinjection(engine, options, log);
    const director = makeDirector(engine);
    const parts = { log, engine, changes, director, state };
    const restored = takeUp(parts, options);
    let host: HostPlumbing | undefined;
    try {
      host = await HostPlumbing.open({
        device: options.device,
        table: options.routingTable,
        journalPath: `${options.socketPath}.host`,
        adopts: state?.hasServices === true,
        log: (level, sentence, fields) => log[level](fields ?? {}, sentence),
        onVipLocation: (address, isLocal) => engine.setVipLocal(address, isLocal),
        onRoute: (address, route) => engine.setRoute(address, route ?? NO_ROUTE),
        onCapture: (selectors) => engine.setCapture(selectors),
        announce: (device, address) => addon.announceAddress(device, addressWords(address)),
      });
      await host.attachDevice();
      const daemon = new Daemon(parts, host, options);
      await daemon.#run(options, restored);
      log.info(
        {
          device: options.device,
          offloads,
          reinject,
          connections: options.connections,
          socket: options.socketPath,
        },
        'ready',
      );
      return daemon;
    } catch (thrown) {
      engine.stop();
      // What another start would go on with is not given up for a mistake in this one's options.
      if (state?.hasServices) {
        await host?.leave();
        state.leave();
      } else {
        await host?.close();
        state?.forget();
      }
      throw thrown;
    }
  }

  async #run(options: DaemonOptions, restored: readonly HostChange[]): Promise<void> {
    try {
      await this.#apply(restored).catch((thrown: unknown) =>
        this.#log.warn(`not restored: ${messageOf(thrown)}`),
      );
      if (options.io.kind === 'packet') {
        this.#wire = new Wire(this.#engine, this.#host, options.io.interfaces, this.#log);
        await this.#wire.follow();
      }
      await this.#host.disown();
      await this.#host.removeDevices(this.#state?.takeUnused() ?? []);
      this.#engine.admitNew();
      const source = metricsSource(this.#director, this.#engine, options.connections);
      this.#monitoring = await Monitoring.start(source, options, this.#log);
      const onFailure = (failure: UipvsError): void => this.#log.warn(failure.message);
      this.#server = await ControlServer.listen(options.socketPath, (request) => this.#answer(request), {
        onFailure,
      });
    } catch (thrown) {
      await this.#monitoring?.close();
      throw thrown;
    }
    this.#every(DEFENCE_PERIOD_MS, async () => this.#director.updateDefence(await availablePages()));
    this.#every(ESTIMATOR_PERIOD_MS, () => inSteps(this.#director.figures.ticking()));
    this.#every(HOUSEKEEPING_PERIOD_MS, () => this.#keepHouse());
    this.#every(HOST_REFRESH_PERIOD_MS, () => this.#host.refresh());
    this.#every(ADDRESS_PERIOD_MS, async () => {
      await this.#host.followAddresses();
      await this.#wire?.follow();
    });
  }

  /** Leaves the host as it was found, and forgets everything. May be called twice. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  /** Ends and leaves host, connections and configuration to the next start; as `stop` where that could not use them. */
  leave(): Promise<void> {
    if (this.#state === null) return this.stop();
    this.#stopping ??= this.#leave(this.#state);
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    await this.#end();
    await this.#wire?.close();
    await this.#host.close();
    this.#engine.stop();
    this.#state?.forget();
    this.#log.info('stopped');
  }

  async #leave(state: State): Promise<void> {
    await this.#end();
    await this.#host.leave();
    this.#engine.stop();
    state.leave();
    this.#log.info('stopped; the next start goes on');
  }

  async #end(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#sync.stopWaiting();
    await this.#server?.close();
    await this.#monitoring?.close();
  }

  /** Commands of all clients run in the order in which they come; what they need of the host is done for many at once. */
  async #answer(request: Request): Promise<Outcome> {
    let run: Run;
    let changes: readonly HostChange[];
    try {
      ({ run, changes } = await this.#inOrder.run(() => this.#carryOut(request)));
    } catch (thrown) {
      const hasKernelsWords =
        thrown instanceof UipvsError && KERNEL_REFUSALS.has(thrown.code) && request.op !== 'set-sysctl';
      if (!hasKernelsWords) throw thrown;
      return {
        refused: thrown.code,
        ...(thrown instanceof BatchRefusal ? { index: thrown.index } : {}),
      };
    }
    try {
      await this.#apply(changes);
    } catch (thrown) {
      const { undo } = run;
      await this.#apply(await this.#inOrder.run(() => this.#changesOf(() => undo?.())));
      this.#log.warn({ op: request.op }, `refused: ${messageOf(thrown)}`);
      throw thrown;
    }
    this.#warnOf(request);
    return run.outcome;
  }

  /** On the model only; and what it asks of the host. */
  #carryOut(request: Request): Carried | Promise<Carried> {
    const run = this.#commands.run(request);
    if (run instanceof Promise) return run.then((ended) => ({ run: ended, changes: this.#changes.take() }));
    return { run, changes: this.#changes.take() };
  }

  /** Settles when the host has all of them; throws the first refusal, after all were tried. */
  async #apply(changes: readonly HostChange[]): Promise<void> {
    const parts: Promise<void>[] = [];
    for (let from = 0; from < changes.length; from += CHANGES_PER_STEP) {
      if (from > 0) await turn();
      const part = this.#sync.apply(changes.slice(from, from + CHANGES_PER_STEP));
      part.catch(() => undefined); // met below
      parts.push(part);
    }
    await Promise.allSettled(parts);
    await Promise.all(parts);
  }

  /** What `task` asks of the host. */
  #changesOf(task: () => void): readonly HostChange[] {
    task();
    return this.#changes.take();
  }

  /** What is configured and listed like everything else, but will not work. */
  #warnOf(request: Request): void {
    if (request.op !== 'add-destination' && request.op !== 'edit-destination') return;
    const { address, port, forwarding } = request.destination;
    if (forwarding === 'masquerading') return;
    const sentence = `uipvs forwards by masquerading only: connections for this ${forwarding} destination will be refused`;
    this.#log.warn({ address, port, forwarding }, sentence);
  }

  async #keepHouse(): Promise<void> {
    const steps = this.#director.collectingTrash()[Symbol.iterator]();
    for (let isOver = false; !isOver; await turn()) {
      const step = (): void => {
        isOver = steps.next().done === true;
      };
      await this.#apply(await this.#inOrder.run(() => this.#changesOf(step)));
    }
    const state = this.#state;
    if (state?.isLong) await this.#inOrder.run(() => state.shorten(this.#director));
    const error = this.#engine.receiveError;
    if (error === this.#receiveError) return;
    this.#receiveError = error;
    if (error === 0) this.#log.info('the device works again');
    else this.#log.error({ errno: error }, 'the device gives no packets: is it down or gone?');
  }

  /** A timer whose failures are logged and end nothing. */
  #every(periodMs: number, task: () => Promise<unknown>): void {
    let isRunning = false;
    const timer = setInterval(() => {
      if (isRunning) return;
      isRunning = true;
      task()
        .catch((thrown: unknown) => this.#log.warn(messageOf(thrown)))
        .finally(() => {
          isRunning = false;
        });
    }, periodMs);
    this.#timers.push(timer);
  }
}

/**
 * Null where nothing is kept. A daemon that was killed may have its lock for a moment still; a standby waits as long as
 * it takes. Errors: of {@link State.open}.
 */
async function openState(engine: Engine, options: DaemonOptions, log: Logger): Promise<State | null> {
  const { stateDirectory, isFresh, isStandby } = options;
  if (stateDirectory === null) return null;
  const open = () => State.open(engine, { stateDirectory, isFresh }, log);
  if (isStandby) log.info({ stateDirectory }, 'stands by');
  return await retryWhileBusy(open, isStandby ? Number.POSITIVE_INFINITY : RELEASE_MS);
}

/** The device of a daemon that has just been killed is given up a moment later than its lock. Errors: of openTun(). */
function openTunOf(engine: Engine, device: string, state: State | null): Promise<readonly string[]> {
  return retryWhileBusy(() => engine.openTun(device), state?.isLeftover(device) ? RELEASE_MS : 0);
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

function makeDirector(engine: Engine): Director {
  const nowMs = () => performance.now();
  const schedulers = makeBuiltinSchedulers({
    nowMs,
    random: Math.random,
    expirationSeconds: (scheduler) => director.sysctl(`${scheduler}_expiration`),
  });
  const director: Director = new Director({ dataPlane: engine, schedulers, clock: nowMs });
  return director;
}

/**
 * Starts the workers, on connections of before if there are any: their packets go on from here, before the host is looked
 * at, new ones wait. Returns what the restored configuration asks of the host.
 */
function takeUp(
  { log, engine, changes, director, state }: Parts,
  { io }: DaemonOptions,
): readonly HostChange[] {
  const startedAt = performance.now();
  const report = state?.restore(director) ?? null;
  const restored = changes.take();
  // A VIP is known before packets for it come in: see HostSync. Where it is, the host will say.
  const addresses = new Set(
    Object.values(networkInterfaces()).flatMap((all) => all?.map(({ address }) => address)),
  );
  for (const change of restored) {
    if (change.what !== 'service-added' || change.key.kind !== 'address') continue;
    engine.addVip(change.key.address);
    engine.setVipLocal(change.key.address, addresses.has(change.key.address));
  }
  if (report !== null && io.kind === 'packet') openEarly(engine, io.interfaces);
  engine.start((serviceId, flow) => director.schedule(serviceId, flow));
  if (report !== null) {
    const tookMs = Math.round(performance.now() - startedAt);
    log.info({ ...report, tookMs }, `goes on with ${report.connections} connections of the daemon before`);
  }
  return restored;
}

/** Devices that are opened for marks stay when the daemon dies. */
function keeperOf(engine: Engine, state: State | null): AddressKeeper {
  return {
    addVip: (address) => engine.addVip(address),
    removeVip: (address) => engine.removeVip(address),
    isVipLocal: (address) => engine.isVipLocal(address),
    openMark: (mark, device) => {
      engine.openMark(mark, device);
      state?.deviceOpened(mark, device);
    },
    closeMark: (mark) => {
      state?.deviceClosing(mark);
      engine.closeMark(mark);
    },
  };
}

/** Errors: of {@link Engine.openRaw}, if raw was asked for. */
function chooseReinjection(engine: Engine, options: DaemonOptions, log: Logger): 'raw' | 'tun' {
  const wanted = options.io.kind === 'packet' ? 'raw' : options.reinject;
  if (wanted === 'tun') return 'tun';
  try {
    engine.openRaw();
    return 'raw';
  } catch (thrown) {
    if (wanted === 'raw' || !(thrown instanceof UipvsError)) throw thrown;
    log.warn(`packets leave through the TUN device: ${thrown.message}`);
    return 'tun';
  }
}

async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o755 });
  } catch (thrown) {
    throw new UipvsError(
      'EACCES',
      `directory ${path} for the control socket cannot be made: ${messageOf(thrown)}`,
    );
  }
}
