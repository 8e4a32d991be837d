import { UipvsError } from '../src/base/error.js';
import type { Peer } from './peer.js';
import { direct } from './peers/direct.js';
import { haproxy, haproxyOneThread } from './peers/haproxy.js';
import { nft } from './peers/nft.js';
import { nginx, nginxOneWorker } from './peers/nginx.js';
import { node } from './peers/node.js';
import { pen } from './peers/pen.js';
import {
  uipvs,
  uipvsPacket,
  uipvsPacketTwoWorkers,
  uipvsReinjectTun,
  uipvsTwoWorkers,
} from './peers/uipvs.js';
import type { Trial } from './trial.js';
import { bulk, SEGMENT_SIZES } from './trials/bulk.js';
import { connections } from './trials/connections.js';
import { DISTURBANCES } from './trials/disturbances.js';
import { FIXED_LOAD } from './trials/fixed-load.js';
import { keepalive } from './trials/keepalive.js';
import { latency } from './trials/latency.js';
import { LIVE_CONNECTIONS } from './trials/live-connections.js';
import { MANY_SERVICES } from './trials/many-services.js';
import { SCHEDULER_TRIALS } from './trials/schedulers.js';
import { udpForward } from './trials/udp-forward.js';
import { DATAGRAM_SIZES, udpRate } from './trials/udp-rate.js';
import { udpSegments } from './trials/udp-segments.js';
import { upcalls } from './trials/upcalls.js';

/** Every trial, in the order they run and are shown. */
export const TRIALS: readonly Trial[] = [
  bulk(1, 'up'),
  bulk(1, 'down'),
  bulk(4, 'up'),
  bulk(4, 'down'),
  connections,
  keepalive,
  udpForward,
  udpRate,
  latency,
  ...FIXED_LOAD,
  ...DISTURBANCES,
  upcalls,
  ...LIVE_CONNECTIONS,
  ...MANY_SERVICES,
  ...SCHEDULER_TRIALS,
  ...DATAGRAM_SIZES,
  ...SEGMENT_SIZES,
  udpSegments,
];

/** Peers of a run that does not name any. */
export const DEFAULT_PEERS: readonly Peer[] = [
  uipvs,
  uipvsReinjectTun,
  uipvsPacket,
  nft,
  haproxy,
  nginx,
  pen,
  node,
  direct,
];

/** Peers that run when named. */
export const OTHER_PEERS: readonly Peer[] = [
  haproxyOneThread,
  nginxOneWorker,
  uipvsTwoWorkers,
  uipvsPacketTwoWorkers,
];

/** The named ones of `all`, in the order of the names. Throws EINVAL for a name that is none of them. */
export function select<Named extends { readonly name: string }>(
  kind: string,
  all: readonly Named[],
  names: readonly string[],
): Named[] {
  return names.map((name) => {
    const found = all.find((item) => item.name === name);
    if (found !== undefined) return found;
    const known = all.map((item) => item.name).join(', ');
    throw new UipvsError('EINVAL', `Expected ${kind} to be of ${known} but received ${name}`);
  });
}
