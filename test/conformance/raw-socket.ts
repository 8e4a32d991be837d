import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { UipvsError } from '../../src/base/error.js';

/** It stays in the source tree, which is beside `dist`. */
const PROGRAM = fileURLToPath(new URL('../../../test/conformance/raw-socket.py', import.meta.url));

/** Sends whole IP packets from any namespace, by the program raw-socket.py. */
export class RawSocket {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  /** Settles when the program has ended. */
  readonly #ended: Promise<readonly string[]>;

  constructor() {
    this.#child = spawn('python3', ['-I', '-S', PROGRAM], { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null)
      throw new UipvsError('EIO', 'Expected a pipe from python3 but received none');
    this.#lines = createInterface({ input: this.#child.stdout });
    this.#ended = once(this.#lines, 'close').then(() => []);
  }

  /**
   * Send `packets`, in hexadecimal, from a namespace, which must not have been made anew since the last time, to the host
   * `to`. One call at a time. Throws EIO with the system's words.
   */
  async send(namespace: string, to: string, packets: readonly string[]): Promise<void> {
    const answered = once(this.#lines, 'line') as Promise<[string]>;
    this.#child.stdin?.write(`${[namespace, to, ...packets].join(' ')}\n`);
    const [said = 'the program has ended'] = await Promise.race([answered, this.#ended]);
    if (said !== 'sent')
      throw new UipvsError('EIO', `Expected to send packets to ${to} but received: ${said}`);
  }

  close(): void {
    this.#child.stdin?.end();
  }
}
