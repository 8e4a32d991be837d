import { type ChildProcess, spawn } from 'node:child_process';
import { UipvsError } from '../../src/base/error.js';
import { slowness, until } from './poll.js';

/** How a child ended: one of the two is null. */
export interface Exit {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Output kept for a message or a test, in characters; older text is forgotten. */
const LOG_LIMIT = 1 << 20;

/** How long {@link Child.stop} waits after SIGTERM, in milliseconds. */
const STOP_GRACE_MS = 2000;

/** A long-running program in a process group of its own, so that its workers end with it. */
export class Child {
  readonly pid: number;
  /** Settles when the program has ended; never rejects. */
  readonly exited: Promise<Exit>;
  readonly #name: string;
  #log = '';
  #exit: Exit | null = null;

  /** Starts `argv` without a shell. Throws ENOENT when the program cannot be started. */
  constructor(argv: readonly string[], name: string, env: Readonly<Record<string, string>> = {}) {
    const [program = '', ...args] = argv;
    const child: ChildProcess = spawn(program, args, {
      detached: true,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#name = name;
    this.exited = new Promise((resolve) => {
      child.on('close', (status, signal) => {
        this.#exit = { status, signal };
        resolve(this.#exit);
      });
    });
    child.on('error', () => undefined); // reported below by the missing pid
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#log = (this.#log + text).slice(-LOG_LIMIT);
      });
    }
    if (child.pid === undefined) throw new UipvsError('ENOENT', `Expected to start ${program} but could not`);
    this.pid = child.pid;
  }

  /** Standard output and standard error in the order they arrived. */
  get log(): string {
    return this.#log;
  }

  get isRunning(): boolean {
    return this.#exit === null;
  }

  /** Signal the whole process group; does nothing once it has ended. */
  signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch {
      // ESRCH: it has just ended
    }
  }

  /** SIGTERM, then SIGKILL after `graceMs`, see {@link slowness}. May be called twice. */
  async stop(graceMs: number = STOP_GRACE_MS): Promise<Exit> {
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs * slowness());
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  /** Wait for `probe`; throws EIO with the log when the child ends first, EBUSY with the log after `timeoutMs`. */
  async ready(what: string, timeoutMs: number, probe: () => boolean | Promise<boolean>): Promise<void> {
    try {
      await until(what, timeoutMs, async () => {
        if (!this.isRunning) {
          const { status, signal } = this.#exit ?? { status: null, signal: null };
          throw new UipvsError('EIO', `${this.#name} ended with ${signal ?? `status ${status}`}`);
        }
        return probe();
      });
    } catch (cause) {
      const reason = cause instanceof UipvsError ? cause : new UipvsError('EIO', String(cause));
      throw new UipvsError(reason.code, `${reason.message}; its log: ${this.#log.trim() || 'empty'}`, {
        cause,
      });
    }
  }
}
