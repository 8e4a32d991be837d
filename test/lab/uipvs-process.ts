import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { setPriority } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { UipvsError } from '../../src/base/error.js';
import type { Child, Exit } from './child.js';
import type { ExecOptions, ExecResult } from './exec.js';
import type { Lab } from './lab.js';
import type { Host } from './topology.js';

export interface UipvsOptions {
  /** More arguments of uipvsd, after `--socket PATH`. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Words before the program, such as setpriv's. */
  readonly prefix?: readonly string[];
  /** Default: `uipvsd.sock` in the lab's directory, so a second start finds the place of the first. */
  readonly socketPath?: string;
}

const DAEMON = fileURLToPath(new URL('../../src/bin/uipvsd.js', import.meta.url));
const CLI = fileURLToPath(new URL('../../src/bin/uipvsadm.js', import.meta.url));

/** How long uipvsd may take to answer on its socket, in milliseconds. */
const START_TIMEOUT_MS = 10_000;

/**
 * `UIPVS_TEST_IO=packet` has the daemon of every test that does not say otherwise work on packet sockets, so that the
 * same suites run on both devices.
 */
export function usualArguments(): readonly string[] {
  const { UIPVS_TEST_IO: io } = process.env;
  return io === undefined ? [] : ['--io', io];
}

/** Whether those daemons take packets from the wire. */
export function isOnWire(): boolean {
  return usualArguments().includes('packet');
}

/** How soon after SIGTERM uipvsd must have ended, in milliseconds. */
const STOP_LIMIT_MS = 2000;

/** A uipvsd on a machine of a lab, and uipvsadm to talk to it. */
export class UipvsProcess {
  readonly socketPath: string;
  readonly #lab: Lab;
  readonly #host: Host;
  readonly #child: Child;

  private constructor(lab: Lab, host: Host, child: Child, socketPath: string) {
    this.#lab = lab;
    this.#host = host;
    this.#child = child;
    this.socketPath = socketPath;
  }

  /** Implementation of `Lab.startUipvs`. Throws ENOENT when not built, EIO with the log when uipvsd ends at once. */
  static async start(lab: Lab, host: Host, options: UipvsOptions = {}): Promise<UipvsProcess> {
    const [child, socketPath] = UipvsProcess.#spawn(lab, host, options);
    await child.ready(`uipvsd to answer at ${socketPath}`, START_TIMEOUT_MS, () => accepts(socketPath));
    return new UipvsProcess(lab, host, child, socketPath);
  }

  /** Implementation of `Lab.beginUipvs`. Throws ENOENT when not built. */
  static begin(lab: Lab, host: Host, options: UipvsOptions = {}): UipvsProcess {
    const [child, socketPath] = UipvsProcess.#spawn(lab, host, options);
    return new UipvsProcess(lab, host, child, socketPath);
  }

  /** Implementation of `Lab.standBy`. Throws as `start`. */
  static async standBy(lab: Lab, host: Host, options: UipvsOptions = {}): Promise<UipvsProcess> {
    const [child, socketPath] = UipvsProcess.#spawn(lab, host, {
      ...options,
      args: [...(options.args ?? []), '--standby'],
    });
    await child.ready('uipvsd to stand by', START_TIMEOUT_MS, () => child.log.includes('stands by'));
    return new UipvsProcess(lab, host, child, socketPath);
  }

  static #spawn(lab: Lab, host: Host, options: UipvsOptions): [Child, string] {
    if (!existsSync(DAEMON)) throw new UipvsError('ENOENT', `Expected the built daemon at ${DAEMON}`);
    const socketPath = options.socketPath ?? path.join(lab.directory, 'uipvsd.sock');
    const { prefix = [], args = [] } = options;
    const argv = [...prefix, process.execPath, DAEMON, '--socket', socketPath, ...usualArguments(), ...args];
    const child = lab.spawn(host, argv, options.env);
    const { UIPVS_TEST_NICENESS: niceness } = process.env;
    if (niceness !== undefined) setPriority(child.pid, Number(niceness));
    return [child, socketPath];
  }

  /** Whether it has said that it is ready. */
  get isReady(): boolean {
    return this.#child.log.includes('"ready"');
  }

  /** Waits until one that stood by has taken over, or one that was begun is there: it says that it is ready, and answers. */
  async answers(): Promise<void> {
    const isReady = () => this.isReady && accepts(this.socketPath);
    await this.#child.ready(`uipvsd to answer at ${this.socketPath}`, START_TIMEOUT_MS, isReady);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** All that uipvsd has written so far. */
  get log(): string {
    return this.#child.log;
  }

  get isRunning(): boolean {
    return this.#child.isRunning;
  }

  /** Settles when uipvsd has ended, for whatever reason. */
  get exited(): Promise<Exit> {
    return this.#child.exited;
  }

  /** Run uipvsadm with these arguments. Its exit status is the caller's to judge. */
  adm(...args: readonly string[]): Promise<ExecResult> {
    return this.#lab.exec(this.#host, [process.execPath, CLI, ...args], this.#options());
  }

  /** Run `uipvsadm -R` on lines as `uipvsadm -S` prints them: many commands, one process. Throws EIO if refused. */
  async restore(lines: readonly string[], words: readonly string[] = []): Promise<void> {
    const input = `${lines.join('\n')}\n`;
    await this.#lab.run(this.#host, [process.execPath, CLI, '-R', ...words], { ...this.#options(), input });
  }

  /** End uipvsd by SIGTERM. Throws EBUSY with its log when that took more than 2 s (it is killed then). */
  async stop(): Promise<Exit> {
    const exit = await this.#child.stop(STOP_LIMIT_MS);
    if (exit.signal !== 'SIGKILL') return exit;
    const log = this.log.trim() || 'empty';
    throw new UipvsError(
      'EBUSY',
      `Expected uipvsd to end within ${STOP_LIMIT_MS} ms of SIGTERM; its log: ${log}`,
    );
  }

  /** End uipvsd by SIGKILL, as a crash would. */
  kill9(): Promise<Exit> {
    this.#child.signal('SIGKILL');
    return this.#child.exited;
  }

  #options(): ExecOptions {
    return { env: { UIPVS_SOCKET: this.socketPath } };
  }
}

/** Whether somebody accepts connections at a Unix socket; a leftover socket file alone does not. */
function accepts(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
