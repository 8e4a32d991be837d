import { sendFlows } from '../tools/flow-sender.js';
import { makeSinks, sinkAddresses } from '../tools/sinks.js';
import type { Trial } from '../trial.js';

const PORT = 5000;
const SERVERS = sinkAddresses(3);
const FLOWS = 1000;

/**
 * What the balancer can pass on. No socket takes part: on a small machine a program that reads datagrams one by one
 * wants as much of it as any balancer, and what it cannot read says nothing about the balancer; see `udp-rate` for that.
 */
export const udpForward: Trial = {
  name: 'udp-forward',
  title: `22-byte UDP datagrams passed on, ${FLOWS} flows`,
  unit: '1/s',
  better: 'more',
  operation: 'packet',
  service: { protocol: 'udp', port: PORT, servers: SERVERS },
  usualPeers: ['uipvs', 'uipvs-reinject-tun', 'uipvs-packet', 'nft'],
  warmUp: 'essential',
  programs: [],
  serve: (lab) => makeSinks(lab, SERVERS),
  async load(lab, { target }, seconds) {
    const passage = await sendFlows(lab, { target, port: PORT, count: FLOWS }, { seconds });
    return {
      value: passage.delivered / passage.seconds,
      operations: passage.delivered,
      details: { sentPerSecond: passage.sent / passage.seconds },
      faults: passage.delivered > 0 ? [] : ['no packet arrived'],
    };
  },
};
