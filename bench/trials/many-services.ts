import { sendFlows } from '../tools/flow-sender.js';
import { MANY, manyServices } from '../tools/service-lists.js';
import { makeSinks, sinkAddresses } from '../tools/sinks.js';
import { restoreTimed } from '../tools/uipvsadm.js';
import type { Trial } from '../trial.js';

const SERVERS = sinkAddresses(MANY.servers);

/** As many connections with one service as with very many: only the services are to make a difference. */
const FLOWS = MANY.addresses * MANY.ports;

/** The same 10,000 connections, all of one service, or each of its own. */
function services(isMany: boolean): Trial {
  const label = isMany ? '10k' : '1';
  return {
    name: `services-${isMany ? FLOWS : 1}`,
    title: `UDP packets of ${FLOWS.toLocaleString('en-US')} connections, ${label} ${isMany ? 'services' : 'service'} of 10 servers`,
    unit: '1/s',
    better: 'more',
    operation: 'packet',
    family: { name: 'services', title: 'UDP packets by services', label, isOrdered: true },
    service: { protocol: 'udp', port: MANY.firstPort, servers: SERVERS },
    uipvs: {},
    usualPeers: ['uipvs', 'uipvs-packet'],
    warmUp: 'essential',
    programs: [],
    serve: (lab) => makeSinks(lab, SERVERS),
    async prepare(lab, { uipvs }) {
      if (!isMany || uipvs === null) return {};
      const { additions } = manyServices('udp', SERVERS);
      return { restoreSeconds: await restoreTimed(lab, uipvs, additions) };
    },
    async load(lab, { target }, seconds) {
      const flows = isMany
        ? { target: MANY.firstAddress, addresses: MANY.addresses, ports: MANY.ports }
        : { target };
      const passage = await sendFlows(lab, { ...flows, port: MANY.firstPort, count: FLOWS }, { seconds });
      return {
        value: passage.delivered / passage.seconds,
        operations: passage.delivered,
        details: { sentPerSecond: passage.sent / passage.seconds },
        faults: passage.delivered > 0 ? [] : ['no packet arrived'],
      };
    },
  };
}

export const MANY_SERVICES: readonly Trial[] = [services(false), services(true)];
