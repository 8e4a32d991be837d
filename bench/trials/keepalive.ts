import { HTTP_SERVICE, loadHttp, serveHttp } from '../tools/http-load.js';
import type { Trial } from '../trial.js';

/** Requests on connections that stay open: what packets of known connections cost. */
export const keepalive: Trial = {
  name: 'keepalive',
  title: 'Keep-alive requests',
  unit: '1/s',
  better: 'more',
  operation: 'request',
  service: HTTP_SERVICE,
  programs: ['nginx', 'wrk'],
  serve: serveHttp,
  load: (lab, { target }, seconds) => loadHttp(lab, target, seconds, []),
};
