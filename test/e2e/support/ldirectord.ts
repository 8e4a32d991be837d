/** Debian's ldirectord, unchanged, with uipvsadm in the place where it looks for ipvsadm. */
import { readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Child } from '../../lab/child.js';
import { until } from '../../lab/poll.js';
import type { Scene } from './scene.js';

const CLI = fileURLToPath(new URL('../../../src/bin/uipvsadm.js', import.meta.url));
/** The path is fixed in ldirectord; on most systems /sbin is a link. */
const IPVSADM = '/sbin/ipvsadm';
/** It lets a check that is under way end, and waits for its children. */
const STOP_LIMIT_MS = 10_000;

/** One call of ipvsadm by ldirectord. */
export interface Call {
  readonly status: number;
  readonly words: string;
}

export class Ldirectord {
  readonly #child: Child;
  readonly #callsPath: string;
  readonly #logPath: string;

  private constructor(child: Child, callsPath: string, logPath: string) {
    this.#child = child;
    this.#callsPath = callsPath;
    this.#logPath = logPath;
  }

  /**
   * Starts it on the director of a scene, in the foreground. `configuration` is what follows the lines that keep its
   * files in the lab. It has a mount namespace of its own, in which the program is bound over ipvsadm.
   */
  static start(scene: Scene, name: string, configuration: readonly string[]): Ldirectord {
    const file = (suffix: string) => path.join(scene.lab.directory, `${name}.${suffix}`);
    const [program, callsPath, logPath] = [file('ipvsadm'), file('calls'), file('log')];
    const run = `'${process.execPath}' '${CLI}' "$@"`;
    const note = `printf '%s %s\\n' "$status" "$*" >>'${callsPath}'`;
    writeFileSync(program, `#!/bin/sh\n${run}\nstatus=$?\n${note}\nexit "$status"\n`, { mode: 0o755 });
    writeFileSync(callsPath, '');
    const head = [`logfile="${logPath}"`, 'supervised=yes', 'autoreload=no', 'checkinterval=1'];
    writeFileSync(file('cf'), `${[...head, ...configuration].join('\n')}\n`);
    // Its process file goes to a /run of its own too.
    const inside = 'mount --bind "$1" "$2" && mount -t tmpfs none /run && exec ldirectord "$3" start';
    const words = ['sh', program, realpathSync(IPVSADM), file('cf')];
    const child = scene.lab.spawn('director', ['unshare', '--mount', 'sh', '-c', inside, ...words], {
      UIPVS_SOCKET: scene.uipvs.socketPath,
    });
    return new Ldirectord(child, callsPath, logPath);
  }

  /** Its log and what it printed. */
  get log(): string {
    return `${readFileSync(this.#logPath, { encoding: 'utf8', flag: 'a+' })}${this.#child.log}`;
  }

  /** All calls of ipvsadm so far, in order. */
  calls(): readonly Call[] {
    const lines = readFileSync(this.#callsPath, 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => {
      const space = line.indexOf(' ');
      return { status: Number(line.slice(0, space)), words: line.slice(space + 1) };
    });
  }

  /** Waits for `probe`; throws with the log when ldirectord ends before. */
  async reaches(what: string, timeoutMs: number, probe: () => Promise<boolean>): Promise<void> {
    try {
      await this.#child.ready(what, timeoutMs, probe);
    } catch (cause) {
      throw new Error(`${String(cause)}\n${this.log}`, { cause });
    }
  }

  /** Ends it by SIGTERM to itself alone, as an init system does. */
  async stop(): Promise<void> {
    process.kill(this.#child.pid, 'SIGTERM');
    await until('ldirectord to end after SIGTERM', STOP_LIMIT_MS, () => !this.#child.isRunning);
  }
}
