/**
 * Theory of operation: the files of /proc/net that kernel IPVS has, kept up to date in a directory of one's choice, so
 * that a program told to look there (node_exporter's `--path.procfs`) finds what it would find with the kernel module.
 *
 * The kernel makes such a file while it is read. Here it is written beforehand, again and again:
 *
 *   net/ip_vs, ip_vs_stats, ip_vs_stats_percpu   every second, only if changed
 *   net/ip_vs_conn                               every second; it says who connects, so others may not read it
 *   net/ip_vs_app                                once
 *
 * Every file is replaced as a whole (published-file.ts). A large table is written in pieces with pauses, and less
 * often, so that all this costs no more than about 2 % of a core for each of the two (pace.ts); then a file shows how
 * things were up to 50 times as long ago as it takes to write it. What cannot be written is reported and tried again.
 * The files go when the daemon ends; those of a killed daemon stay until the next one replaces them. Only one daemon
 * at a time may keep a directory (directory-claim.ts). No text is held as a whole: whether one has changed is told by
 * its digest, for which a table is walked once before it is written.
 *
 * Differs from the kernel: there is no ip_vs_conn_sync, as there is no sync daemon.
 */
import { rmdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, UipvsError } from '../base/error.js';
import { makeGuardedDirectory } from '../base/guarded-path.js';
import { DirectoryClaim } from './directory-claim.js';
import { type Clock, Pass, systemClock } from './pace.js';
import { procConnections } from './proc-connections.js';
import { procServices } from './proc-services.js';
import { PROC_APPLICATIONS, procStats, procStatsPerProcessor } from './proc-stats.js';
import { PublishedFile } from './published-file.js';
import type { MetricsSource } from './source.js';

const REFRESH_PERIOD_MS = 1000;
const DIRECTORY_MODE = 0o755;
const PUBLIC_MODE = 0o644;
const CONNECTIONS_MODE = 0o640;

export type ProcSource = Pick<MetricsSource, 'info' | 'services' | 'totals' | 'connectionRows'>;

export interface ProcFilesOptions {
  /** Told what could not be written, once until it can be again. */
  readonly onFailure: (failure: UipvsError) => void;
  readonly clock?: Clock;
}

export class ProcFiles {
  readonly #source: ProcSource;
  readonly #directory: string;
  readonly #onFailure: (failure: UipvsError) => void;
  readonly #clock: Clock;
  readonly #services: PublishedFile;
  readonly #stats: PublishedFile;
  readonly #statsPerProcessor: PublishedFile;
  readonly #applications: PublishedFile;
  readonly #connections: PublishedFile;
  readonly #ending = new AbortController();
  readonly #root: string;
  #claim: DirectoryClaim | null = null;
  #firstMadeDirectory: string | undefined;
  #running: readonly Promise<void>[] = [];
  #closing: Promise<void> | undefined;

  /** Writes below `directory`, in `net`; both are made where they are missing. */
  constructor(source: ProcSource, directory: string, { onFailure, clock = systemClock }: ProcFilesOptions) {
    this.#source = source;
    this.#root = path.resolve(directory);
    this.#directory = path.join(this.#root, 'net');
    this.#onFailure = onFailure;
    this.#clock = clock;
    const file = (name: string, mode: number): PublishedFile =>
      new PublishedFile(this.#directory, name, mode);
    this.#services = file('ip_vs', PUBLIC_MODE);
    this.#stats = file('ip_vs_stats', PUBLIC_MODE);
    this.#statsPerProcessor = file('ip_vs_stats_percpu', PUBLIC_MODE);
    this.#applications = file('ip_vs_app', PUBLIC_MODE);
    this.#connections = file('ip_vs_conn', CONNECTIONS_MODE);
  }

  /**
   * Once it returns, all files are there except ip_vs_conn, which appears when the connection table has been walked.
   * Errors: EACCES where the directory or a file in it cannot be made, EADDRINUSE where another daemon has the
   * directory, EPERM where other users have power over it; then nothing is left behind.
   */
  async start(): Promise<void> {
    try {
      await this.#start();
    } catch (thrown) {
      await this.close();
      throw thrown;
    }
  }

  async #start(): Promise<void> {
    this.#makeDirectory();
    this.#claim = await DirectoryClaim.take(this.#root);
    await this.#connections.remove(); // of a killed daemon: it would speak of connections that are gone
    await this.#applications.replace([PROC_APPLICATIONS]);
    const first = new Pass(this.#clock, this.#ending.signal);
    await this.#refreshTables(first);
    this.#running = [
      this.#repeat((pass) => this.#refreshTables(pass), first.restMs(REFRESH_PERIOD_MS)),
      this.#repeat((pass) => this.#refreshConnections(pass), 0),
    ];
  }

  /** Removes the files, and the directories it had to make if they are empty. May be called twice. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#running);
    const files = [
      this.#services,
      this.#stats,
      this.#statsPerProcessor,
      this.#applications,
      this.#connections,
    ];
    if (this.#claim !== null) {
      for (const file of files) await file.remove().catch(() => undefined); // nobody can do more about it now
      await this.#claim.release();
    }
    await this.#removeDirectories();
  }

  async #refreshTables(pass: Pass): Promise<void> {
    const source = this.#source;
    await this.#services.replaceIfChanged(() => pass.paced(procServices(source.info(), source.services())));
    const totals = source.totals();
    await this.#stats.replaceIfChanged(() => [procStats(totals)]);
    await this.#statsPerProcessor.replaceIfChanged(() => [procStatsPerProcessor(totals)]);
  }

  async #refreshConnections(pass: Pass): Promise<void> {
    await this.#connections.replace(pass.paced(procConnections(this.#source.connectionRows())));
  }

  /** Until the end: rest, then a pass. */
  async #repeat(refresh: (pass: Pass) => Promise<void>, firstRestMs: number): Promise<void> {
    const { signal } = this.#ending;
    let restMs = firstRestMs;
    let hasFailed = false;
    while (!signal.aborted) {
      const pass = new Pass(this.#clock, signal);
      try {
        await this.#clock.wait(restMs, signal);
        await refresh(pass);
        hasFailed = false;
      } catch (thrown) {
        if (signal.aborted) return;
        if (!hasFailed) this.#report(thrown);
        hasFailed = true;
      }
      restMs = pass.restMs(REFRESH_PERIOD_MS);
    }
  }

  readonly #report = (thrown: unknown): void => {
    this.#onFailure(thrown instanceof UipvsError ? thrown : new UipvsError('EIO', messageOf(thrown)));
  };

  #makeDirectory(): void {
    try {
      this.#firstMadeDirectory = makeGuardedDirectory(this.#directory, DIRECTORY_MODE);
    } catch (thrown) {
      if (thrown instanceof UipvsError) throw thrown;
      throw new UipvsError('EACCES', `directory ${this.#directory} cannot be made: ${messageOf(thrown)}`);
    }
  }

  /** From the inside out, up to the first that was made; what others have put there stays. */
  async #removeDirectories(): Promise<void> {
    const first = this.#firstMadeDirectory;
    if (first === undefined) return;
    for (let directory = this.#directory; directory.startsWith(first); directory = path.dirname(directory)) {
      try {
        await rmdir(directory);
      } catch {
        return;
      }
    }
  }
}
