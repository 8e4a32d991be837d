import { sendFlows } from '../tools/flow-sender.js';
import { growth, histogram, METRICS_ARGS, quantile, scrape } from '../tools/metrics.js';
import { makeSinks, sinkAddresses } from '../tools/sinks.js';
import type { Trial } from '../trial.js';

const PORT = 5000;
const SERVERS = sinkAddresses(3);
const PER_SECOND = 5000;
const WARM_UP_SECONDS = 1;
const SERIES = 'uipvs_upcall_duration_seconds';

/** A first packet's way to the scheduler and back, as the daemon counts it itself, at a fixed rate of connections. */
export const upcalls: Trial = {
  name: 'upcalls',
  title: `Upcall at ${PER_SECOND.toLocaleString('en-US')} new connections/s, p99`,
  unit: 'us',
  better: 'less',
  operation: 'connection',
  service: { protocol: 'udp', port: PORT, servers: SERVERS },
  uipvs: { args: METRICS_ARGS },
  warmUp: 'own',
  programs: ['curl'],
  serve: (lab) => makeSinks(lab, SERVERS),
  async load(lab, { target }, seconds) {
    // Every flow once: the flows of the warm-up are known afterwards.
    const warmUp = WARM_UP_SECONDS * PER_SECOND;
    const known = { target, port: PORT, count: warmUp };
    await sendFlows(lab, known, { packets: warmUp, perSecond: PER_SECOND });
    const before = histogram(await scrape(lab), SERIES);
    const count = seconds * PER_SECOND;
    const flows = { target, port: PORT, first: warmUp, count };
    const { delivered } = await sendFlows(lab, flows, { packets: count, perSecond: PER_SECOND });
    const cells = growth(before, histogram(await scrape(lab), SERIES));
    return {
      value: quantile(cells, 0.99),
      operations: delivered,
      details: {
        p50Microseconds: quantile(cells, 0.5),
        p999Microseconds: quantile(cells, 0.999),
        lostPackets: count - delivered,
      },
      faults: delivered > 0 ? [] : ['no packet arrived'],
    };
  },
};
