/** A socket that answers the control protocol with what a test says. For tests of the command line only. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Part, Reply, Request } from '../../src/control/protocol.js';

/** The lines of one answer: parts, then the reply. */
export type Answerer = (request: Request) => readonly (Reply | Part<unknown>)[];

export class CannedDaemon {
  readonly socketPath: string;
  readonly requests: Request[] = [];
  connections = 0;
  readonly #directory: string;
  readonly #server: Server;

  private constructor(directory: string, answer: Answerer) {
    this.#directory = directory;
    this.socketPath = join(directory, 'daemon.sock');
    this.#server = createServer((socket) => {
      this.connections++;
      socket.on('error', () => {});
      const lines = createInterface({ input: socket }).on('error', () => {});
      lines.on('line', (line) => {
        const request = JSON.parse(line) as Request;
        this.requests.push(request);
        for (const message of answer(request)) socket.write(`${JSON.stringify(message)}\n`);
      });
    });
  }

  static async start(answer: Answerer): Promise<CannedDaemon> {
    const daemon = new CannedDaemon(mkdtempSync(join(tmpdir(), 'uipvs-cli-')), answer);
    await new Promise<void>((resolve) => daemon.#server.listen(daemon.socketPath, resolve));
    return daemon;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

export function ok(result: unknown = null): readonly Reply[] {
  return [{ ok: true, result }];
}

/** A long answer, an item a part. */
export function parts(items: readonly unknown[]): readonly (Reply | Part<unknown>)[] {
  return [...items.map((item) => ({ part: [item] })), ...ok()];
}

export function refused(errno: Extract<Reply, { ok: false }>['errno'], message?: string): readonly Reply[] {
  return [{ ok: false, errno, ...(message === undefined ? {} : { message }) }];
}
