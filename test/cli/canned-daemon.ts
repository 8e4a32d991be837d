/** A socket that answers the control protocol with what a test says. For tests of the command line only. */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Part, Reply, Request, SequenceRefusal } from '../../src/control/protocol.js';

/** Any request but a sequence, which is answered change by change. */
export type Single = Exclude<Request, { op: 'sequence' }>;

/** The lines of one answer: parts, then the reply. */
export type Answerer = (request: Single) => readonly (Reply | Part<unknown>)[];

export class CannedDaemon {
  readonly socketPath: string;
  /** Those of a sequence one by one. */
  readonly requests: Single[] = [];
  /** How many came in each line. */
  readonly sizes: number[] = [];
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
        const changes: readonly Single[] = request.op === 'sequence' ? request.requests : [request];
        this.requests.push(...changes);
        this.sizes.push(changes.length);
        const messages = request.op === 'sequence' ? together(changes.map(answer)) : answer(request);
        for (const message of messages) socket.write(`${JSON.stringify(message)}\n`);
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

/** The answer to a sequence, of those to its changes. */
function together(answers: readonly ReturnType<Answerer>[]): readonly Reply[] {
  const refusals = answers.flatMap(([reply], index): SequenceRefusal[] => {
    if (reply === undefined || !('errno' in reply)) return [];
    const { errno, message } = reply;
    return [message === undefined ? { index, errno } : { index, errno, message }];
  });
  return ok(refusals);
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
