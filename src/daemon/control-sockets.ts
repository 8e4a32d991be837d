/**
 * The sockets that the daemon is asked on: one that may change everything and, where it is wanted, one for reading. What
 * is changed by whom is logged at level `debug`, who is refused at `warn`.
 */
import type { UipvsError } from '../base/error.js';
import type { Handler } from '../control/outcome.js';
import type { ReceivedRequest } from '../control/request.js';
import { ControlServer } from '../control/server.js';
import type { Addon, PeerCredentials } from '../engine/addon.js';
import type { Logger } from './logger.js';
import type { DaemonOptions } from './options.js';

type SocketOptions = Pick<DaemonOptions, 'socketPath' | 'readSocketPath' | 'adminGroup' | 'readGroup'>;

export interface ControlSocketsParts {
  readonly handler: Handler;
  readonly log: Logger;
  readonly addon: Pick<Addon, 'peerCredentials'>;
}

/** Whoever is refused can come again as often as he likes. */
const REFUSAL_LOG_PERIOD_MS = 1000;

export class ControlSockets {
  readonly #servers: readonly ControlServer[];

  private constructor(servers: readonly ControlServer[]) {
    this.#servers = servers;
  }

  /** Throws EADDRINUSE where a daemon answers on one of them. */
  static async assertFree({ socketPath, readSocketPath }: SocketOptions): Promise<void> {
    await ControlServer.assertFree(socketPath);
    if (readSocketPath !== null) await ControlServer.assertFree(readSocketPath);
  }

  /** That for changes comes last: who finds it finds the other one too. Errors: of {@link ControlServer.listen}. */
  static async open(options: SocketOptions, parts: ControlSocketsParts): Promise<ControlSockets> {
    const { handler, log, addon } = parts;
    const { socketPath, readSocketPath } = options;
    const refusals = new RefusalLog(log, () => performance.now());
    const common = (path: string) => ({
      onFailure: (failure: UipvsError): void => log.warn(failure.message),
      onRefused: (credentials: PeerCredentials | null): void => refusals.note(path, credentials),
      peerCredentials: addon.peerCredentials,
    });
    const servers: ControlServer[] = [];
    try {
      if (readSocketPath !== null) {
        const own = { ...common(readSocketPath), group: options.readGroup, isReadOnly: true };
        servers.push(await ControlServer.listen(readSocketPath, handler, own));
      }
      const onChange = (request: ReceivedRequest, credentials: PeerCredentials): void =>
        logChange(log, request, credentials);
      const own = { ...common(socketPath), group: options.adminGroup, onChange };
      servers.push(await ControlServer.listen(socketPath, handler, own));
    } catch (thrown) {
      for (const server of servers) await server.close();
      throw thrown;
    }
    return new ControlSockets(servers);
  }

  /** Hangs up on everybody and removes the sockets. May be called twice. */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()));
  }
}

/** Names who asked and what for, and no address of any client of a service. */
export function logChange(log: Logger, request: ReceivedRequest, { uid, pid }: PeerCredentials): void {
  if (!log.isLevelEnabled('debug')) return;
  const { op } = request;
  const parts = op === 'batch' || op === 'sequence' ? { changes: countByOperation(request.requests) } : {};
  log.debug({ op, by: { uid, pid }, ...parts }, 'change asked for');
}

function countByOperation(
  requests: Extract<ReceivedRequest, { op: 'batch' | 'sequence' }>['requests'],
): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const request of requests) {
    const name = 'op' in request ? request.op : 'not understood';
    counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}

/** Tells of one refused client a second at most, and then of how many there were beside it. */
export class RefusalLog {
  readonly #log: Pick<Logger, 'warn'>;
  readonly #nowMs: () => number;
  #nextMs = Number.NEGATIVE_INFINITY;
  #untold = 0;

  constructor(log: Pick<Logger, 'warn'>, nowMs: () => number) {
    this.#log = log;
    this.#nowMs = nowMs;
  }

  note(path: string, credentials: PeerCredentials | null): void {
    const nowMs = this.#nowMs();
    if (nowMs < this.#nextMs) {
      this.#untold += 1;
      return;
    }
    this.#nextMs = nowMs + REFUSAL_LOG_PERIOD_MS;
    // The number of the daemon's own process is `pid` in every line.
    const who =
      credentials === null ? null : { uid: credentials.uid, gid: credentials.gid, pid: credentials.pid };
    const untold = this.#untold === 0 ? {} : { othersBefore: this.#untold };
    this.#untold = 0;
    this.#log.warn({ by: who, ...untold }, `refused a client that may not use the socket ${path}`);
  }
}
