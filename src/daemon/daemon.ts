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
 * How a command is carried out: answers.ts.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { messageOf } from '../base/error.js';
import type { Addon } from '../engine/addon.js';
import type { Engine } from '../engine/engine.js';
import { HostPlumbing } from '../host/host-plumbing.js';
import type { Director } from '../ipvs/director.js';
import { addressWords } from '../net/address.js';
import { Answers } from './answers.js';
import { CommandRunner } from './commands.js';
import { ControlSockets } from './control-sockets.js';
import { type HostChange, HostSync } from './host-sync.js';
import { InOrder } from './in-order.js';
import type { Logger } from './logger.js';
import { MasqueradePool } from './masquerade-pool.js';
import { availablePages } from './memory.js';
import { Monitoring, metricsSource } from './monitoring.js';
import type { DaemonOptions } from './options.js';
import { keeperOf, type Parts, prepare } from './start-up.js';
import type { State } from './state.js';
import { inSteps } from './steps.js';
import { Wire } from './wire.js';

/** Source: net/netfilter/ipvs/ip_vs_est.c, the estimator's period. */
const ESTIMATOR_PERIOD_MS = 2000;
/** Source: net/netfilter/ipvs/ip_vs_ctl.c, DEFENSE_TIMER_PERIOD. */
const DEFENCE_PERIOD_MS = 1000;
const HOUSEKEEPING_PERIOD_MS = 1000;
const HOST_REFRESH_PERIOD_MS = 5000;
/** How soon an address that another program moves, as keepalived does, is followed. */
const ADDRESS_PERIOD_MS = 250;
const NO_ROUTE = { mtuBytes: 0, source: null, device: '' } as const;

export class Daemon {
  readonly #log: Logger;
  readonly #addon: Addon;
  readonly #engine: Engine;
  readonly #host: HostPlumbing;
  readonly #sync: HostSync;
  readonly #pool: MasqueradePool;
  readonly #director: Director;
  readonly #answers: Answers;
  readonly #state: State | null;
  readonly #inOrder = new InOrder();
  readonly #timers: NodeJS.Timeout[] = [];
  #sockets: ControlSockets | undefined;
  #wire: Wire | undefined;
  #monitoring: Monitoring | undefined;
  #receiveError = 0;
  #stopping: Promise<void> | undefined;

  private constructor(parts: Parts, host: HostPlumbing, options: DaemonOptions) {
    const { log, addon, engine, changes, director, state } = parts;
    this.#log = log;
    this.#addon = addon;
    this.#engine = engine;
    this.#host = host;
    this.#state = state;
    this.#director = director;
    this.#sync = new HostSync(host, keeperOf(parts), options);
    this.#pool = new MasqueradePool(options.masqueradeAddresses, host, engine.masquerading, log);
    const commands = new CommandRunner(director, engine, {
      note: (entry) => state?.note(entry),
      noteBatch: (batch) => state?.noteBatch(batch),
    });
    this.#answers = new Answers({ commands, changes, sync: this.#sync, inOrder: this.#inOrder, log });
  }

  /**
   * Starts everything. Throws UipvsError with one sentence for the operator; the host is then as it was, or as a dead
   * daemon left it.
   *
   * @param onBegin called before anything is done that the end of the process would leave behind
   */
  static async start(options: DaemonOptions, log: Logger, onBegin: () => void = () => {}): Promise<Daemon> {
    const { parts, offloads, wireProtocols, reinject, restored } = await prepare(options, log, onBegin);
    const { addon, engine, state } = parts;
    let host: HostPlumbing | undefined;
    try {
      host = await HostPlumbing.open({
        device: options.device,
        table: options.routingTable,
        journalPath: `${options.socketPath}.host`,
        adopts: state?.hasServices === true,
        capturedProtocols: wireProtocols,
        log: (level, sentence, fields) => log[level](fields ?? {}, sentence),
        onVipLocation: (address, isLocal) => engine.setVipLocal(address, isLocal),
        onRoute: (address, route) => engine.setRoute(address, route ?? NO_ROUTE),
        onCapture: (selectors) => engine.devices.setCapture(selectors),
        onCapturedNetworks: ({ destinations, sources }) =>
          engine.devices.setWireNetworks(destinations, sources),
        announce: (device, address) => addon.announceAddress(device, addressWords(address)),
      });
      await host.attachDevice();
      const daemon = new Daemon(parts, host, options);
      await daemon.#run(options, restored);
      log.info(
        {
          device: options.device,
          offloads,
          ...(options.io.kind === 'packet' ? { wireProtocols } : {}),
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
      const restoring = this.#answers
        .apply(restored)
        .catch((thrown: unknown) => this.#log.warn(`not restored: ${messageOf(thrown)}`));
      await Promise.all([this.#pool.take(), restoring]);
      if (options.io.kind === 'packet') {
        this.#wire = new Wire(this.#engine.devices, this.#host, options.io.interfaces, this.#log);
        await this.#wire.follow();
      }
      await this.#host.disown();
      await this.#host.removeDevices(this.#state?.takeUnused() ?? []);
      this.#engine.admitNew();
      const source = metricsSource(this.#director, this.#engine, options.connections);
      this.#monitoring = await Monitoring.start(source, options, this.#log);
      const answers = this.#answers;
      this.#sockets = await ControlSockets.open(options, {
        handler: (request) => answers.answer(request),
        log: this.#log,
        addon: this.#addon,
      });
    } catch (thrown) {
      await this.#monitoring?.close();
      throw thrown;
    }
    this.#every(DEFENCE_PERIOD_MS, async () => this.#director.updateDefence(await availablePages()));
    this.#every(ESTIMATOR_PERIOD_MS, () => inSteps(this.#director.figures.ticking()));
    this.#every(HOUSEKEEPING_PERIOD_MS, () => this.#keepHouse());
    this.#every(HOUSEKEEPING_PERIOD_MS, async () => this.#tellTroubles());
    this.#every(HOST_REFRESH_PERIOD_MS, async () => {
      await this.#host.refresh();
      this.#pool.follow();
    });
    this.#every(ADDRESS_PERIOD_MS, async () => {
      await this.#host.followAddresses();
      this.#pool.follow();
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
    await this.#sockets?.close();
    await this.#monitoring?.close();
    // A long command that is under way still needs the engine.
    await this.#inOrder.run(() => {});
  }

  async #keepHouse(): Promise<void> {
    const steps = this.#director.collectingTrash()[Symbol.iterator]();
    for (let isOver = false; !isOver; await turn()) {
      const step = (): void => {
        isOver = steps.next().done === true;
      };
      await this.#answers.change(step);
    }
    const state = this.#state;
    if (state?.isLongFor(this.#director)) await this.#inOrder.run(() => state.shorten(this.#director));
    const error = this.#engine.receiveError;
    if (error === this.#receiveError) return;
    this.#receiveError = error;
    if (error === 0) this.#log.info('the device works again');
    else this.#log.error({ errno: error }, 'the device gives no packets: is it down or gone?');
  }

  #tellTroubles(): void {
    for (const { service, scheduler, what, times } of this.#director.schedulerTroubles.due()) {
      const sentence = `scheduler ${scheduler} of service ${service} ${what}; wlc chooses where it fails`;
      this.#log.error({ service, scheduler, times }, sentence);
    }
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
