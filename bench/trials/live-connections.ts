import { fillTable } from '../tools/fill-table.js';
import { sendFlows } from '../tools/flow-sender.js';
import { METRICS_ARGS } from '../tools/metrics.js';
import { makeSinks, sinkAddresses } from '../tools/sinks.js';
import type { Trial } from '../trial.js';

const PORT = 5000;
const SERVERS = sinkAddresses(3);

/** Packets of `count` connections in turn, as many as pass: what a full table costs. */
function live(count: number, label: string): Trial {
  return {
    name: `live-${count}`,
    title: `UDP packets of ${label} live ${count === 1 ? 'connection' : 'connections'}`,
    unit: '1/s',
    better: 'more',
    operation: 'packet',
    family: { name: 'live', title: 'UDP packets by live connections', label, isOrdered: true },
    service: { protocol: 'udp', port: PORT, servers: SERVERS },
    uipvs: { args: METRICS_ARGS },
    usualPeers: ['uipvs', 'uipvs-packet'],
    programs: ['curl'],
    serve: (lab) => makeSinks(lab, SERVERS),
    prepare: (lab, balancer) => fillTable(lab, balancer, PORT, count),
    async load(lab, { target }, seconds) {
      const { delivered, ...passage } = await sendFlows(lab, { target, port: PORT, count }, { seconds });
      return {
        value: delivered / passage.seconds,
        operations: delivered,
        details: { sentPerSecond: passage.sent / passage.seconds },
        faults: delivered > 0 ? [] : ['no packet arrived'],
      };
    },
  };
}

/** The fewest and the most are what the figure that must be reached compares. */
export const LIVE_CONNECTIONS: readonly Trial[] = [
  live(1, '1'),
  live(1000, '1k'),
  live(10_000, '10k'),
  live(100_000, '100k'),
  live(1_000_000, '1M'),
];
