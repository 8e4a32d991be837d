import type { Lab } from '../../test/lab/lab.js';
import { realServer } from '../../test/lab/topology.js';
import type { Service } from '../peer.js';
import type { Measurement } from '../trial.js';
import { parseWrk } from './wrk.js';

/** Connections wrk keeps busy, on one thread: more only lengthens the queues on a small machine. */
const CONNECTIONS = 64;

const SERVERS = [1, 2, 3].map(realServer);

/** HTTP on three real servers. */
export const HTTP_SERVICE: Service = {
  protocol: 'tcp',
  port: 80,
  servers: SERVERS.map(({ ipv4 }) => ipv4),
};

/** A server that is never the limit by a setting: keepalive_requests is 1000 by default, worker_connections 512. */
const NGINX = `
worker_processes 1;
events { worker_connections 4096; }
http {
  access_log off;
  keepalive_requests 1000000000;
  server { listen ${HTTP_SERVICE.port} backlog=4096; return 200 "uipvs\\n"; }
}`;

/** Start nginx on the three real servers. */
export async function serveHttp(lab: Lab): Promise<void> {
  await Promise.all(SERVERS.map(({ host }) => lab.startNginx(host, NGINX)));
}

/** Request the shortest of pages from `target` as often as wrk can; a failed or refused request is a fault. */
export async function loadHttp(
  lab: Lab,
  target: string,
  seconds: number,
  headers: readonly string[],
): Promise<Measurement> {
  const options = headers.flatMap((header) => ['-H', header]);
  const url = `http://${target}:${HTTP_SERVICE.port}/`;
  const argv = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', ...options, url];
  const report = parseWrk(await lab.run('client', argv));
  return {
    value: report.requestsPerSecond,
    operations: report.requests,
    details: { p50Microseconds: report.p50Microseconds, p99Microseconds: report.p99Microseconds },
    faults: report.faults,
  };
}
