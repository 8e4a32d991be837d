import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UipvsError } from '../../src/base/error.js';
import type { Lab } from '../lab/lab.js';
import type { Host } from '../lab/topology.js';
import type { AgentReply, AgentRequest } from './agent-protocol.js';

const PROGRAM = fileURLToPath(new URL('./agent.js', import.meta.url));

interface Waiter {
  resolve(answer: string): void;
  reject(error: Error): void;
}

/** The near end of an agent (agent.ts) in one namespace of a lab; it ends with the lab at the latest. */
export class NamespaceAgent {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #waiters = new Map<number, Waiter>();
  #nextId = 1;
  #stderr = '';

  constructor(lab: Lab, host: Host) {
    this.#name = `agent of ${host}`;
    const argv = ['netns', 'exec', lab.namespace(host), process.execPath, PROGRAM];
    this.#child = spawn('ip', argv, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdin?.on('error', () => undefined); // its end is reported below
    this.#child.stderr?.on('data', (text: Buffer) => {
      this.#stderr += text.toString();
    });
    if (this.#child.stdout !== null) {
      createInterface({ input: this.#child.stdout }).on('line', (line) => this.#settle(line));
    }
    this.#child.on('error', (cause) => this.#failAll(`could not be started: ${cause.message}`));
    this.#child.on('close', () => this.#failAll(`ended: ${this.#stderr.trim() || 'without a word'}`));
  }

  /** What the agent saw. Throws EIO when it refuses the request or has ended. */
  call(request: AgentRequest): Promise<string> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiters.set(id, { resolve, reject });
      if (this.#child.exitCode !== null) this.#failAll('has already ended');
      else this.#child.stdin?.write(`${JSON.stringify({ id, ...request })}\n`);
    });
  }

  #settle(line: string): void {
    const { id, answer, error } = JSON.parse(line) as AgentReply;
    const waiter = this.#waiters.get(id);
    this.#waiters.delete(id);
    if (answer !== undefined) waiter?.resolve(answer);
    else waiter?.reject(new UipvsError('EIO', `The ${this.#name} refused: ${error}`));
  }

  #failAll(reason: string): void {
    for (const waiter of this.#waiters.values()) {
      waiter.reject(new UipvsError('EIO', `The ${this.#name} ${reason}`));
    }
    this.#waiters.clear();
  }
}
