import { realServer } from '../../test/lab/topology.js';
import { parseIperf3 } from '../tools/iperf3.js';
import type { Trial } from '../trial.js';

const PORT = 5201;

/** What a direction adds to a name and a title, and to iperf3's arguments. */
const DIRECTIONS = {
  up: { title: 'client to server', args: [] },
  down: { title: 'server to client', args: ['-R'] },
} as const;

/**
 * Bulk TCP, `flows` at once in one direction. iperf3 needs its control connection and its data at the same server,
 * so the service has a single real server.
 */
export function bulk(flows: number, direction: keyof typeof DIRECTIONS): Trial {
  const { title, args } = DIRECTIONS[direction];
  const server = realServer(1);
  return {
    name: `bulk-${flows}-${direction}`,
    title: `Bulk TCP, ${flows} ${flows === 1 ? 'flow' : 'flows'} ${title}`,
    unit: 'Gbit/s',
    better: 'more',
    operation: 'megabyte',
    service: { protocol: 'tcp', port: PORT, servers: [server.ipv4] },
    programs: ['iperf3'],
    async serve(lab) {
      lab.spawn(server.host, ['iperf3', '--server', '--port', `${PORT}`]);
      await lab.waitForListen(server.host, 'tcp', PORT);
    },
    async load(lab, target, seconds) {
      const argv = ['iperf3', '--client', target, '--port', `${PORT}`, '--json', '--time', `${seconds}`];
      const report = parseIperf3(await lab.run('client', [...argv, '--parallel', `${flows}`, ...args]));
      return {
        value: report.receivedBitsPerSecond / 1e9,
        operations: report.receivedBytes / 1e6,
        details: { retransmits: report.retransmits },
        faults: [],
      };
    },
  };
}
