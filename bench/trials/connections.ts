import { HTTP_SERVICE, loadHttp, serveHttp } from '../tools/http-load.js';
import type { Trial } from '../trial.js';

/** A new connection for every request: what opening, scheduling and closing cost. */
export const connections: Trial = {
  name: 'connections',
  title: 'New connections',
  unit: '1/s',
  better: 'more',
  operation: 'connection',
  service: HTTP_SERVICE,
  programs: ['nginx', 'wrk'],
  serve: serveHttp,
  load: (lab, { target }, seconds) => loadHttp(lab, target, seconds, ['Connection: close']),
};
