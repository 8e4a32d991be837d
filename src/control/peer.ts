/**
 * One client of the control socket: its requests in, its replies out.
 *
 * Requests are begun as they come and answered in their order. What a client can make the daemon hold is bounded: of
 * requests by the LineReader, of answers by MAX_UNANSWERED, and of a long answer by a piece of it, because the next is
 * made when the client has taken the one before and all others had their turn. After a request for a long answer no
 * other is begun until that has been given, so that what it shows is not what a later request has made of the table.
 *
 * What a client can keep the event loop busy with at once is bounded too: after a slice of time all others have their
 * turn, and with them new connections that wait for a scheduler, however fast requests come. Who sends no whole request
 * for long is hung up on; who waits for an answer, or has not taken it yet, is not.
 */
import type { Socket } from 'node:net';
import { UipvsError } from '../base/error.js';
import { BatchRefusal } from './batch-refusal.js';
import type { LineReader } from './line-reader.js';
import type { Handler, Outcome } from './outcome.js';
import { MAX_SHORT_REQUEST_BYTES, type Reply } from './protocol.js';
import { refusalOf } from './refusal.js';
import { parseRequest, parsingLong, type ReceivedRequest } from './request.js';
import type { Turns } from './turns.js';

/**
 * Of one client, each change of a sequence counted. Many at once is what makes a restore fast: the host does them
 * together.
 */
const MAX_UNANSWERED = 4096;

/** Of reading requests; to answer them takes some times as long. New connections wait for both, at each client's turn. */
const SLICE_MS = 0.5;

const DONE = '{"ok":true,"result":null}';

interface Begun {
  readonly outcome: Promise<Outcome | Reply>;
  readonly isLong: boolean;
  /** Of MAX_UNANSWERED. */
  readonly count: number;
}

export class Peer {
  readonly #socket: Socket;
  readonly #handler: Handler;
  readonly #reader: LineReader;
  readonly #turns: Turns;
  readonly #idle: NodeJS.Timeout;
  #unanswered = 0;
  #answers: Promise<void> = Promise.resolve();
  #isCorked = false;

  /** `idleLimitMs`: how long nothing may be asked. */
  constructor(socket: Socket, handler: Handler, reader: LineReader, turns: Turns, idleLimitMs: number) {
    this.#socket = socket;
    this.#handler = handler;
    this.#reader = reader;
    this.#turns = turns;
    this.#idle = setTimeout(() => this.#endIdle(idleLimitMs), idleLimitMs).unref();
    socket.on('error', () => socket.destroy());
  }

  /** Answers until the client hangs up or sends what is no request at all. Never rejects. */
  async serve(): Promise<void> {
    try {
      // Else the socket would be closed as soon as there are no more requests, with answers still to come.
      for await (const chunk of this.#socket.iterator({ destroyOnReturn: false })) {
        try {
          await this.#takeAll(chunk);
          // Node would go on reading in this turn for as long as there is something to read.
          await this.#turns.next();
        } catch (thrown) {
          await this.#answers;
          await this.#write(refusal(thrown));
          await this.#end();
          break;
        }
      }
      await this.#answers;
    } catch {
      // The client hung up in the middle of a request or an answer.
    }
    clearTimeout(this.#idle);
    this.#reader.clear();
    await this.#end();
    this.#socket.destroy();
  }

  async #takeAll(chunk: Buffer): Promise<void> {
    let sliceEndsAtMs = performance.now() + SLICE_MS;
    for (const line of this.#reader.push(chunk)) {
      await this.#take(line);
      if (performance.now() < sliceEndsAtMs) continue;
      await this.#turns.next();
      sliceEndsAtMs = performance.now() + SLICE_MS;
    }
  }

  #endIdle(limitMs: number): void {
    if (this.#unanswered > 0) return;
    const message = `No whole request has come for ${Math.round(limitMs / 1000)} s`;
    // The line is with the kernel when write() is back, if the client has read what came before.
    this.#socket.write(`${JSON.stringify({ ok: false, errno: 'EIO', message })}\n`);
    this.#socket.destroy();
  }

  /** Settles when the client has all that was written, or is gone. */
  async #end(): Promise<void> {
    if (this.#socket.destroyed) return;
    await new Promise<void>((resolve) => this.#socket.end(() => resolve()));
  }

  async #take(line: string): Promise<void> {
    const { outcome, isLong, count } = this.#begin(line);
    this.#unanswered += count;
    this.#answers = this.#answers.then(async () => {
      await this.#answer(await outcome);
      this.#unanswered -= count;
      this.#idle.refresh();
    });
    this.#answers.catch(() => this.#socket.destroy());
    if (isLong || this.#unanswered >= MAX_UNANSWERED) await this.#answers;
  }

  /** Carries out one request; a refusal or failure becomes its reply. */
  #begin(line: string): Begun {
    if (line.length > MAX_SHORT_REQUEST_BYTES) {
      return { outcome: this.#answerLong(line).catch(refusal), isLong: true, count: 1 };
    }
    let request: ReceivedRequest;
    try {
      request = parseRequest(line);
    } catch (thrown) {
      return { outcome: Promise.resolve(refusal(thrown)), isLong: false, count: 1 };
    }
    const isLong = request.op === 'list' || request.op === 'connections';
    const count = request.op === 'sequence' ? 1 + request.requests.length : 1;
    return { outcome: this.#handler(request).catch(refusal), isLong, count };
  }

  /** What takes long to be read. */
  async #answerLong(line: string): Promise<Outcome> {
    const reading = parsingLong(line);
    for (;;) {
      const step = reading.next();
      if (step.done === true) return await this.#handler(step.value);
      await this.#turns.next();
    }
  }

  async #answer(outcome: Outcome | Reply): Promise<void> {
    if ('pieces' in outcome) {
      await this.#writePieces(outcome.pieces);
    } else if ('refused' in outcome) {
      const { refused: errno, index } = outcome;
      await this.#write({ ok: false, errno, ...(index === undefined ? {} : { index }) });
    } else if ('ok' in outcome) {
      await this.#write(outcome);
    } else if (outcome.result === null) {
      await this.#writeLine(DONE);
    } else {
      await this.#write({ ok: true, result: outcome.result });
    }
  }

  async #writePieces(pieces: Iterable<unknown>): Promise<void> {
    for (const part of pieces) {
      await this.#write({ part });
      await this.#turns.next();
    }
    await this.#writeLine(DONE);
  }

  #write(reply: unknown): Promise<void> {
    return this.#writeLine(JSON.stringify(reply));
  }

  /** Writes one line and waits until the client has taken enough of it. @throws UipvsError EIO where it has gone */
  async #writeLine(line: string): Promise<void> {
    const socket = this.#socket;
    if (socket.destroyed) throw hungUp();
    this.#cork();
    if (socket.write(`${line}\n`)) return;
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        socket.off('drain', settle);
        socket.off('close', settle);
        resolve();
      };
      socket.once('drain', settle);
      socket.once('close', settle);
    });
    if (socket.destroyed) throw hungUp();
  }

  /** What is answered in one turn of the event loop leaves in one system call. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#socket.cork();
    setImmediate(() => {
      this.#isCorked = false;
      this.#socket.uncork();
    });
  }
}

function hungUp(): UipvsError {
  return new UipvsError('EIO', 'the client hung up');
}

function refusal(thrown: unknown): Reply {
  const index = thrown instanceof BatchRefusal ? { index: thrown.index } : {};
  return { ok: false, ...refusalOf(thrown), ...index };
}
