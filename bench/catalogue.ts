import { UipvsError } from '../src/base/error.js';
import type { Peer } from './peer.js';
import { direct } from './peers/direct.js';
import { haproxy, haproxyOneThread } from './peers/haproxy.js';
import { nft } from './peers/nft.js';
import { nginx, nginxOneWorker } from './peers/nginx.js';
import { uipvs, uipvsPacket } from './peers/uipvs.js';
import type { Trial } from './trial.js';
import { bulk } from './trials/bulk.js';
import { connections } from './trials/connections.js';
import { keepalive } from './trials/keepalive.js';
import { latency } from './trials/latency.js';
import { udpRate } from './trials/udp-rate.js';

/** Every trial, in the order they run and are shown. */
export const TRIALS: readonly Trial[] = [
  bulk(1, 'up'),
  bulk(1, 'down'),
  bulk(4, 'up'),
  bulk(4, 'down'),
  connections,
  keepalive,
  udpRate,
  latency,
];

/** Peers of a run that does not name any. */
export const DEFAULT_PEERS: readonly Peer[] = [uipvs, nft, haproxy, nginx, direct];

/** Peers that run when named. */
export const OTHER_PEERS: readonly Peer[] = [uipvsPacket, haproxyOneThread, nginxOneWorker];

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
