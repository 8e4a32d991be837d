import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UipvsError } from '../../src/base/error.js';
import type { ExecResult } from '../lab/exec.js';
import type { Lab } from '../lab/lab.js';

export interface AdmRequest {
  readonly words: readonly string[];
  /** The text of standard input. */
  readonly input: string;
}

export interface AdmAnswer {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const PROGRAM = fileURLToPath(new URL('./uipvsadm-agent.js', import.meta.url));

/** The near end of uipvsadm-agent.ts in the director's namespace of a lab. */
export class UipvsadmProcess {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  /** Settles when the process has ended. */
  readonly #ended: Promise<readonly string[]>;

  constructor(lab: Lab, socketPath: string) {
    const argv = ['netns', 'exec', lab.namespace('director'), process.execPath, PROGRAM];
    const env = { ...process.env, UIPVS_SOCKET: socketPath };
    this.#child = spawn('ip', argv, { env, stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null)
      throw new UipvsError('EIO', 'Expected a pipe from uipvsadm but received none');
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#ended = once(this.#lines, 'close').then(() => []);
  }

  /** Run it once. One call at a time. Throws EIO when the process has ended. */
  async run(words: readonly string[], input: string): Promise<ExecResult> {
    const request: AdmRequest = { words, input };
    const answered = once(this.#lines, 'line') as Promise<[string]>;
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
    const [line] = await Promise.race([answered, this.#ended]);
    if (line === undefined) throw new UipvsError('EIO', `uipvsadm ended while it ran ${words.join(' ')}`);
    return { ...(JSON.parse(line) as AdmAnswer), signal: null };
  }

  async stop(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }
}
