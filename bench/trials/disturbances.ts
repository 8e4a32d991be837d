import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../../test/lab/lab.js';
import type { UipvsProcess } from '../../test/lab/uipvs-process.js';
import type { UipvsWishes } from '../peer.js';
import { loadEcho } from '../tools/echo-load.js';
import { fillTable } from '../tools/fill-table.js';
import { METRICS_ARGS } from '../tools/metrics.js';
import { manyServices } from '../tools/service-lists.js';
import { makeSinks, sinkAddresses } from '../tools/sinks.js';
import { stall, stallable } from '../tools/stall.js';
import { listConnections, restoreTimed } from '../tools/uipvsadm.js';
import type { Trial } from '../trial.js';
import { echoDetails, echoLoad, echoService } from './fixed-load.js';

/** The load until all is warm, before the disturbance, which is what the rest is compared with, and while it goes on. */
const WARM_UP_MS = 1000;
const BEFORE_MS = 2000;
const DURING_MS = 5000;
const PHASES_MS = [WARM_UP_MS, BEFORE_MS, DURING_MS];

/** Between the end of one listing or reload and the next. */
const PAUSE_MS = 50;

const LISTED = 100_000;
const LISTED_PORT = 5000;

interface Disturbance {
  readonly name: string;
  readonly label: string;
  readonly wishes: UipvsWishes;
  /** Disturb uipvs until `isOver`; gives back how often. */
  disturb(lab: Lab, uipvs: UipvsProcess, isOver: () => boolean): Promise<number>;
  readonly prepare?: Trial['prepare'];
}

async function repeat(isOver: () => boolean, once: () => Promise<unknown>): Promise<number> {
  let times = 0;
  while (!isOver()) {
    await once();
    times += 1;
    await delay(PAUSE_MS);
  }
  return times;
}

const reload: Disturbance = {
  name: 'reload',
  label: 'while 10,000 services are loaded by -R and deleted again',
  wishes: {},
  disturb(lab, uipvs, isOver) {
    const { additions, deletions } = manyServices('udp');
    return repeat(isOver, async () => {
      await restoreTimed(lab, uipvs, additions);
      await restoreTimed(lab, uipvs, deletions);
    });
  },
};

const listing: Disturbance = {
  name: 'listing',
  label: `while ${LISTED.toLocaleString('en-US')} connections are listed`,
  wishes: { args: METRICS_ARGS },
  // On a service of their own: echo servers would answer them, and clients that do not exist get no answers.
  async prepare(lab, balancer) {
    const servers = sinkAddresses(1);
    await makeSinks(lab, servers);
    const service = `-u ${balancer.target}:${LISTED_PORT}`;
    await balancer.uipvs?.restore([
      `-A ${service} -s rr`,
      ...servers.map((address) => `-a ${service} -r ${address}:${LISTED_PORT} -m`),
    ]);
    return fillTable(lab, balancer, LISTED_PORT, LISTED);
  },
  disturb: (lab, uipvs, isOver) => repeat(isOver, () => listConnections(lab, uipvs)),
};

const collection: Disturbance = {
  name: 'collection',
  label: 'while JavaScript collects garbage',
  wishes: { env: stallable('collect', DURING_MS) },
  disturb: (_lab, uipvs) => stall(uipvs, DURING_MS),
};

const block: Disturbance = {
  name: 'block',
  label: `while JavaScript is blocked for ${DURING_MS / 1000} s`,
  wishes: { env: stallable('block', DURING_MS) },
  disturb: (_lab, uipvs) => stall(uipvs, DURING_MS),
};

/** Messages on connections that uipvs knows, at the fixed load, while something else keeps its JavaScript busy. */
function during({ name, label, wishes, disturb, prepare }: Disturbance): Trial {
  return {
    name: `during-${name}`,
    title: `UDP round trip ${label}, p99`,
    unit: 'us',
    better: 'less',
    operation: 'message',
    family: {
      name: 'during',
      title: 'UDP round trip while uipvs is disturbed, p99',
      label: name,
      isOrdered: false,
    },
    ...echoService('udp'),
    programs: ['curl'],
    uipvs: wishes,
    usualPeers: ['uipvs', 'uipvs-packet'],
    warmUp: 'own',
    ...(prepare === undefined ? {} : { prepare }),
    async load(lab, { target, uipvs }) {
      let times = 0;
      const endMs = performance.now() + PHASES_MS.reduce((sum, length) => sum + length);
      const phases = await loadEcho(lab, echoLoad('udp', target, PHASES_MS), async () => {
        if (uipvs !== null) times = await disturb(lab, uipvs, () => performance.now() >= endMs);
      });
      const [, before, after] = phases;
      if (before === undefined || after === undefined) {
        return { value: 0, operations: 0, details: {}, faults: ['no report'] };
      }
      return {
        value: after.p99Us,
        operations: phases.reduce((sum, { received }) => sum + received, 0),
        details: { ...echoDetails(after), beforeP99Microseconds: before.p99Us, disturbances: times },
        faults: after.received > 0 ? [] : ['no message came back'],
      };
    },
  };
}

export const DISTURBANCES: readonly Trial[] = [reload, listing, collection, block].map(during);
