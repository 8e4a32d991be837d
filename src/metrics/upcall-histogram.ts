import type { UpcallLatency } from '../engine/worker-figures.js';
import { labelText, metricHead, sample } from './exposition.js';

const NAME = 'uipvs_upcall_duration_seconds';
const HELP = 'Time from the parking of a first packet to its verdict.';

/**
 * The whole metric as text. Written here because a histogram of prom-client counts by itself, and this one is counted
 * already.
 */
export function upcallHistogram({ count, sumSeconds, buckets }: UpcallLatency): string {
  let text = metricHead(NAME, HELP, 'histogram');
  for (const bucket of buckets) {
    text += sample(`${NAME}_bucket`, labelText({ le: String(bucket.upperSeconds) }), bucket.count);
  }
  text += sample(`${NAME}_bucket`, labelText({ le: '+Inf' }), count);
  return `${text}${sample(`${NAME}_sum`, '', sumSeconds)}${sample(`${NAME}_count`, '', count)}`;
}
