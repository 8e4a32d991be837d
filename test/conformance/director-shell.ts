import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { UipvsError } from '../../src/base/error.js';
import type { ExecResult } from '../lab/exec.js';
import type { Lab } from '../lab/lab.js';

/**
 * A shell that stays in the director's namespace and runs one program after another. Inside user-mode Linux it starts
 * ipvsadm in a third of the time that `ip netns exec` from this process takes: 36 ms, measured, not 112.
 */
export class DirectorShell {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  /** Settles when the shell has ended. */
  readonly #ended: Promise<readonly string[]>;
  readonly #directory: string;

  constructor(lab: Lab) {
    this.#directory = mkdtempSync(path.join(lab.directory, 'shell-'));
    this.#child = spawn('ip', ['netns', 'exec', lab.namespace('director'), 'sh'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (this.#child.stdout === null)
      throw new UipvsError('EIO', 'Expected a pipe from the shell but received none');
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#ended = once(this.#lines, 'close').then(() => []);
  }

  /** Run a program to its end, with `input` as its standard input. One at a time. Throws EIO when the shell has ended. */
  run(argv: readonly string[], input = ''): Promise<ExecResult> {
    return this.#evaluate(argv.map(quoted).join(' '), input);
  }

  /** Write a file as sysctl(8) writes a setting, without starting a program; status 0 when it was taken. */
  write(file: string, text: string): Promise<ExecResult> {
    return this.#evaluate(`printf '%s\\n' ${quoted(text)} >${quoted(file)}`, '');
  }

  async #evaluate(command: string, input: string): Promise<ExecResult> {
    const file = (name: string): string => path.join(this.#directory, name);
    writeFileSync(file('in'), input);
    const redirections = `<${quoted(file('in'))} >${quoted(file('out'))} 2>${quoted(file('err'))}`;
    const answered = once(this.#lines, 'line') as Promise<[string]>;
    this.#child.stdin?.write(`{ ${command}; } ${redirections}; echo $?\n`);
    const [status] = await Promise.race([answered, this.#ended]);
    if (status === undefined)
      throw new UipvsError('EIO', `The director's shell ended while it ran ${command}`);
    const [stdout, stderr] = [readFileSync(file('out'), 'utf8'), readFileSync(file('err'), 'utf8')];
    return { status: Number(status), signal: null, stdout, stderr };
  }

  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }
}

/** A word that the shell takes as it is. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
