/**
 * Theory of operation: a lab is a client, a director and N real servers on one machine, for tests with real kernels
 * and real programs at both ends.
 *
 *   client  10.0.0.2 fd00::2 --- client0 [director] lan0 (bridge) --+-- rs1 10.1.0.11 fd01::11
 *                      10.0.0.1 fd00::1             10.1.0.1 fd01::1 +-- rs2 10.1.0.12 fd01::12 ...
 *
 * Every machine is a network namespace, every cable a veth pair, created straight into the namespaces at its ends:
 * the host's own network is never touched. The real servers share a bridge, because that is what a LAN is: they
 * reach one another without the director, as in direct routing and hairpin tests. With `lan: 'cables'` each has a
 * veth pair to the director instead, routed and without a bridge: for the bench, where the bridge's time per packet
 * would dilute the differences. Everybody's default route is the director; addresses in 10.9.0.0/16 and fd09::/16
 * are on no machine and serve as VIPs.
 *
 * Invariants:
 * - Nothing outlives its lab. `close()` kills what runs in the namespaces and removes them; it also runs when the
 *   process exits or is interrupted. A process that died of SIGKILL cleans nothing, so the namespaces' names say
 *   who owns them (process id and start time) and the next `Lab.create` anywhere removes those without an owner.
 * - Labs do not see each other: names carry a random part, addresses may be equal, so test files run in parallel.
 * - No shell, ever: programs are argument arrays.
 */
import { mkdirSync } from 'node:fs';
import { type Capture, startCapture } from './capture.js';
import { Child } from './child.js';
import { type ExecOptions, type ExecResult, execute, executeOk } from './exec.js';
import { labDirectory, newLabId, processesIn, removeLab, removeStale } from './namespace.js';
import { startNginx } from './nginx.js';
import { until } from './poll.js';
import { cables, type Host, hostsOf, type Lan, settings, wiring } from './topology.js';
import { type UipvsOptions, UipvsProcess } from './uipvs-process.js';

export interface LabOptions {
  /** 0..200, default 3. */
  readonly realServers?: number;
  /** Default `bridge`. */
  readonly lan?: Lan;
}

/** How long a program may take to listen, in milliseconds; generous, for busy machines. */
const LISTEN_TIMEOUT_MS = 10_000;

const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** A running lab; see the head of this file. Needs what `requirements()` names. */
export class Lab {
  readonly id: string;
  readonly hosts: readonly Host[];
  /** For the files of this lab; removed with it. */
  readonly directory: string;
  #isClosed = false;
  readonly #onExit = (): void => this.close();
  readonly #onSignal = (signal: NodeJS.Signals): void => {
    this.close();
    process.kill(process.pid, signal); // now without this listener: end as the signal says
  };

  private constructor(id: string, hosts: readonly Host[]) {
    this.id = id;
    this.hosts = hosts;
    this.directory = labDirectory(id);
    process.on('exit', this.#onExit);
    for (const signal of ENDING_SIGNALS) process.on(signal, this.#onSignal);
  }

  /** Make a lab and remove the leftovers of dead ones. Throws EIO with iproute2's words when the host refuses. */
  static async create(options: LabOptions = {}): Promise<Lab> {
    removeStale();
    const lab = new Lab(newLabId(), hostsOf(options.realServers ?? 3));
    try {
      await lab.#build(options.lan ?? 'bridge');
    } catch (error) {
      lab.close();
      throw error;
    }
    return lab;
  }

  async #build(lan: Lan): Promise<void> {
    mkdirSync(this.directory, { mode: 0o755 });
    const lines = cables(this.hosts, (host) => this.namespace(host));
    const [namespaces, links] = [lines.slice(0, this.hosts.length), lines.slice(this.hosts.length)];
    await executeOk(['ip', '-batch', '-'], { input: namespaces.join('\n') });
    await Promise.all(this.hosts.map((host) => this.sysctl(host, settings(host))));
    await executeOk(['ip', '-batch', '-'], { input: links.join('\n') });
    await Promise.all(this.hosts.map((host) => this.ip(host, wiring(host, this.hosts, lan))));
  }

  /** Name of a machine's namespace, for `ip netns`. */
  namespace(host: Host): string {
    return `${this.id}-${host}`;
  }

  /** Run a program on a machine to its end. Throws as `execute` does, not for a bad exit status. */
  exec(host: Host, argv: readonly string[], options?: ExecOptions): Promise<ExecResult> {
    return execute(this.#inside(host, argv), options);
  }

  /** Run a program on a machine and give back its standard output. Throws EIO unless its status is 0. */
  run(host: Host, argv: readonly string[], options?: ExecOptions): Promise<string> {
    return executeOk(this.#inside(host, argv), options);
  }

  /** Start a program on a machine; it ends with the lab at the latest. */
  spawn(host: Host, argv: readonly string[], env?: Readonly<Record<string, string>>): Child {
    return new Child(this.#inside(host, argv), `${argv[0]} on ${host}`, env);
  }

  /** Run `ip` commands, such as `address add 10.0.0.3/24 dev eth0`, on a machine. Throws EIO at the first refusal. */
  async ip(host: Host, lines: readonly string[]): Promise<void> {
    await executeOk(['ip', '-n', this.namespace(host), '-batch', '-'], { input: lines.join('\n') });
  }

  /** Make kernel settings on a machine, `{ 'net.ipv4.ip_forward': 1 }`. */
  async sysctl(host: Host, values: Readonly<Record<string, number | string>>): Promise<void> {
    const pairs = Object.entries(values).map(([key, value]) => `${key}=${value}`);
    await this.run(host, ['sysctl', '-q', '-w', ...pairs]);
  }

  /** Switch offloads of a device, by ethtool's short names: `{ tso: false, gro: true }`. */
  async ethtool(host: Host, device: string, features: Readonly<Record<string, boolean>>): Promise<void> {
    const words = Object.entries(features).flatMap(([name, isOn]) => [name, isOn ? 'on' : 'off']);
    await this.run(host, ['ethtool', '-K', device, ...words]);
  }

  /** Whether a machine has a socket listening on (udp: bound to) `port`, of either family. */
  async isListening(host: Host, protocol: 'tcp' | 'udp' | 'sctp', port: number): Promise<boolean> {
    const option = { tcp: '-t', udp: '-u', sctp: '-S' }[protocol];
    const sockets = await this.run(host, ['ss', '-H', '-l', '-n', option, 'sport', '=', `:${port}`]);
    return sockets.trim() !== '';
  }

  /** Wait for {@link isListening}. Throws EBUSY after 10 s. */
  async waitForListen(host: Host, protocol: 'tcp' | 'udp' | 'sctp', port: number): Promise<void> {
    const what = `${host} to listen on ${protocol} port ${port}`;
    await until(what, LISTEN_TIMEOUT_MS, () => this.isListening(host, protocol, port));
  }

  /** Record packets of a device into a pcap file with tcpdump; returns when it records. */
  capture(host: Host, device: string, file: string): Promise<Capture> {
    return startCapture(this, host, device, file);
  }

  /** Run nginx with a whole configuration; returns when every port of its `listen` lines is open. */
  startNginx(host: Host, configuration: string): Promise<Child> {
    return startNginx(this, host, configuration);
  }

  /** Run uipvsd on a machine, normally the director; returns when its socket answers. */
  startUipvs(host: Host, options?: UipvsOptions): Promise<UipvsProcess> {
    return UipvsProcess.start(this, host, options);
  }

  /** Run uipvsd on a machine; returns at once. */
  beginUipvs(host: Host, options?: UipvsOptions): UipvsProcess {
    return UipvsProcess.begin(this, host, options);
  }

  /** Run a uipvsd that waits for another one of the machine to end; returns when it waits. */
  standBy(host: Host, options?: UipvsOptions): Promise<UipvsProcess> {
    return UipvsProcess.standBy(this, host, options);
  }

  /** Ids of all processes on a machine. */
  processes(host: Host): number[] {
    return processesIn(this.namespace(host));
  }

  /** Kill and remove everything of this lab. Synchronous; may be called twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    process.off('exit', this.#onExit);
    for (const signal of ENDING_SIGNALS) process.off(signal, this.#onSignal);
    removeLab(this.id);
  }

  #inside(host: Host, argv: readonly string[]): string[] {
    return ['ip', 'netns', 'exec', this.namespace(host), ...argv];
  }
}
