import type { Trial } from '../trial.js';
import { connections } from './connections.js';

/** All that ipvsadm knows. */
const SCHEDULERS = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'lblc',
  'lblcr',
  'dh',
  'sh',
  'mh',
  'sed',
  'nq',
  'fo',
  'ovf',
  'twos',
];

/** Of every destination: for `ovf` it is how many connections it may have, and the load has not so many at once. */
const WEIGHT = 1000;

/** New connections, each scheduler in its turn: what the choice itself costs. */
export const SCHEDULER_TRIALS: readonly Trial[] = SCHEDULERS.map((scheduler) => ({
  ...connections,
  name: `scheduler-${scheduler}`,
  title: `New connections, ${scheduler}`,
  family: { name: 'schedulers', title: 'New connections by scheduler', label: scheduler, isOrdered: false },
  uipvs: { scheduler, weight: WEIGHT },
  usualPeers: ['uipvs'],
}));
