/** What monitoring reads of the daemon, and the places where it is shown: files like those of /proc, and Prometheus. */
import type { Engine } from '../engine/engine.js';
import type { Director } from '../ipvs/director.js';
import type { MetricsServer } from '../metrics/metrics-server.js';
import { ProcFiles } from '../metrics/proc-files.js';
import type { MetricsSource } from '../metrics/source.js';
import type { Endpoint } from '../net/endpoint.js';
import { INFO } from './commands.js';
import type { Logger } from './logger.js';
import type { DaemonOptions } from './options.js';

export class Monitoring {
  readonly #files: ProcFiles | null;
  readonly #server: MetricsServer | null;

  private constructor(files: ProcFiles | null, server: MetricsServer | null) {
    this.#files = files;
    this.#server = server;
  }

  /** @throws UipvsError where the directory cannot be written or the address cannot be listened on */
  static async start(source: MetricsSource, options: DaemonOptions, log: Logger): Promise<Monitoring> {
    const onFailure = (failure: Error): void => log.warn(failure.message);
    const { procDirectory, metrics } = options;
    const files = procDirectory === null ? null : new ProcFiles(source, procDirectory, { onFailure });
    await files?.start();
    try {
      return new Monitoring(files, metrics === null ? null : await listen(metrics, source, onFailure));
    } catch (thrown) {
      await files?.close();
      throw thrown;
    }
  }

  /** May be called twice. */
  async close(): Promise<void> {
    await this.#server?.close();
    await this.#files?.close();
  }
}

/** What Prometheus asks is read where it is wanted: it takes a twentieth of a second. */
async function listen(
  metrics: Endpoint,
  source: MetricsSource,
  onFailure: (failure: Error) => void,
): Promise<MetricsServer> {
  const { MetricsServer } = await import('../metrics/metrics-server.js');
  return MetricsServer.listen(metrics, source, { onFailure });
}

/** A tenth of a millisecond's work, or two: see src/metrics/pace.ts. */
const CONNECTIONS_PER_PIECE = 64;

export function metricsSource(director: Director, engine: Engine, connectionLimit: number): MetricsSource {
  return {
    info: () => INFO,
    services: () => director.figures.live(),
    totals: () => director.figures.totals(),
    connectionRows: () => engine.connectionRows(CONNECTIONS_PER_PIECE),
    workerCounters: () => engine.workerCounters(),
    upcallLatency: () => engine.upcallLatency(),
    get schedulerFailures() {
      return director.schedulerFailures;
    },
    get schedulerErrors() {
      return director.schedulerTroubles.count;
    },
    get liveConnections() {
      return engine.liveConnections;
    },
    connectionLimit,
    get ringUse() {
      return engine.ringUse;
    },
  };
}
