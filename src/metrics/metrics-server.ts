/**
 * Theory of operation: an HTTP listener with one page, GET /metrics, in Prometheus' text format.
 *
 * A scrape begins with everything small, which prom-client's registry writes. Then the services are listed, and their
 * series, three lines and more for each destination, are written piece by piece while the client takes them, with the
 * event loop's other work in between; they are compressed (in another thread) where the client asks for it. So a
 * large scrape needs the memory of the labels of its services, not of a listing or of its text. Of 110,000 destinations
 * the series are 51 MB (1.5 MB compressed), made in 0.34 s of processor time; as gauges of prom-client they took 2.5 s
 * in one go, and 300 MB.
 *
 * Whoever can reach the listener can only cost so much: few connections, fewer scrapes at once, short requests, and a
 * limit on the time for a request to come and for an answer to go.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { constants, createGzip } from 'node:zlib';
import type { Registry } from 'prom-client';
import { messageOf, UipvsError } from '../base/error.js';
import { type Endpoint, formatEndpoint } from '../net/endpoint.js';
import { engineRegistry } from './engine-registry.js';
import { ipvsSeries } from './ipvs-series.js';
import type { MetricsSource } from './source.js';
import { upcallHistogram } from './upcall-histogram.js';

const PATH = '/metrics';
const MAX_CONNECTIONS = 16;
/** Each holds the labels of the services. */
const MAX_SCRAPES = 4;
const MAX_HEADER_BYTES = 8192;
const REQUEST_LIMIT_MS = 5000;
const IDLE_LIMIT_MS = 10_000;
const ANSWER_LIMIT_MS = 60_000;
const CHECK_PERIOD_MS = 1000;

export interface MetricsServerOptions {
  /** Told why a scrape could not be answered. */
  readonly onFailure: (failure: UipvsError) => void;
}

export class MetricsServer {
  readonly #server: Server;
  readonly #source: MetricsSource;
  readonly #registry: Registry;
  readonly #onFailure: (failure: UipvsError) => void;
  #scrapes = 0;

  private constructor(source: MetricsSource, { onFailure }: MetricsServerOptions) {
    this.#source = source;
    this.#registry = engineRegistry(source);
    this.#onFailure = onFailure;
    this.#server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: REQUEST_LIMIT_MS,
        requestTimeout: REQUEST_LIMIT_MS,
        keepAliveTimeout: REQUEST_LIMIT_MS,
        connectionsCheckingInterval: CHECK_PERIOD_MS,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = MAX_CONNECTIONS;
    this.#server.setTimeout(IDLE_LIMIT_MS);
  }

  /**
   * Serves `source` on an address of this host; port 0 lets the kernel choose one.
   * Errors: EADDRINUSE; EACCES for a port that needs a right; EINVAL for an address that this host has not.
   */
  static async listen(
    endpoint: Endpoint,
    source: MetricsSource,
    options: MetricsServerOptions,
  ): Promise<MetricsServer> {
    const server = new MetricsServer(source, options);
    await server.#listen(endpoint);
    return server;
  }

  async #listen({ address, port }: Endpoint): Promise<void> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen({ host: address, port }, resolve);
      });
    } catch (thrown) {
      throw refusal(thrown, formatEndpoint(address, port));
    }
    // Of accepting a client, for example where the process has no file descriptor left.
    this.#server.on('error', (error) => this.#onFailure(new UipvsError('EIO', `metrics: ${error.message}`)));
  }

  /** The port it listens on. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Stops listening and hangs up on every client. May be called twice. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    if (!this.#server.listening) return;
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.url?.split('?', 1)[0] !== PATH) return refuse(response, 404, `Only ${PATH} is here.`);
    if (request.method !== 'GET') return refuse(response, 405, `Only GET is possible.`, { Allow: 'GET' });
    if (this.#scrapes >= MAX_SCRAPES) return refuse(response, 503, 'Too many scrapes at once.');
    this.#scrapes += 1;
    try {
      await this.#scrape(request, response);
    } catch (thrown) {
      this.#report(thrown);
      refuse(response, 500, 'The metrics cannot be collected.');
    } finally {
      this.#scrapes -= 1;
    }
  }

  /** Throws what the source throws before the first byte; that the client went away is no error. */
  async #scrape(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const small = `${await this.#registry.metrics()}${upcallHistogram(this.#source.upcallLatency())}`;
    const series = ipvsSeries(this.#source.services(), this.#source.totals());
    const text = Readable.from(this.#text(small, series), { objectMode: false });
    const compressors = acceptsGzip(request) ? [fastGzip()] : [];
    if (compressors.length > 0) response.setHeader('Content-Encoding', 'gzip');
    response.setHeader('Content-Type', this.#registry.contentType);
    const signal = AbortSignal.timeout(ANSWER_LIMIT_MS);
    await pipeline([text, ...compressors, response], { signal }).catch(() => response.destroy());
  }

  async *#text(small: string, series: Iterator<string>): AsyncGenerator<string> {
    yield small;
    for (;;) {
      const { done, value } = this.#next(series);
      if (done) return;
      if (value !== '') yield value;
      await turn();
    }
  }

  /** What the source throws in the middle can only be told to the log: the client sees an answer cut off. */
  #next(series: Iterator<string>): IteratorResult<string> {
    try {
      return series.next();
    } catch (thrown) {
      this.#report(thrown);
      throw thrown;
    }
  }

  #report(thrown: unknown): void {
    this.#onFailure(new UipvsError('EIO', `metrics cannot be collected: ${messageOf(thrown)}`));
  }
}

/** Source: RFC 9110 12.5.3; a client that gives gzip a weight of 0 is taken at its word. */
function acceptsGzip(request: IncomingMessage): boolean {
  return /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/i.test(String(request.headers['accept-encoding'] ?? ''));
}

/** Labels repeat so much that the fastest level takes away nearly all. */
function fastGzip(): Transform {
  return createGzip({ level: constants.Z_BEST_SPEED });
}

function refuse(
  response: ServerResponse,
  status: number,
  sentence: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...headers, 'Content-Type': 'text/plain', Connection: 'close' });
  response.end(`${sentence}\n`);
}

function refusal(thrown: unknown, place: string): UipvsError {
  const reasons: Readonly<Record<string, readonly ['EADDRINUSE' | 'EACCES' | 'EINVAL', string]>> = {
    EADDRINUSE: ['EADDRINUSE', 'the port is in use'],
    EACCES: ['EACCES', 'no permission for this port'],
    EADDRNOTAVAIL: ['EINVAL', 'this host has no such address'],
  };
  const [code, reason] = reasons[(thrown as NodeJS.ErrnoException).code ?? ''] ?? ['EIO', messageOf(thrown)];
  return new UipvsError(code, `metrics cannot be served on ${place}: ${reason}`);
}
