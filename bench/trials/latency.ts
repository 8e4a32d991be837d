import { realServer } from '../../test/lab/topology.js';
import { parsePingPong } from '../tools/sockperf.js';
import type { Trial } from '../trial.js';

const PORT = 11111;
const SERVER = realServer(1);

/** One small message there and back on one TCP connection, the next when the answer is there: no queues anywhere. */
export const latency: Trial = {
  name: 'latency',
  title: 'Round trip on TCP, median',
  unit: 'us',
  better: 'less',
  operation: 'round trip',
  service: { protocol: 'tcp', port: PORT, servers: [SERVER.ipv4] },
  programs: ['sockperf'],
  async serve(lab) {
    lab.spawn(SERVER.host, ['sockperf', 'server', '--tcp', '-i', '0.0.0.0', '-p', `${PORT}`]);
    await lab.waitForListen(SERVER.host, 'tcp', PORT);
  },
  async load(lab, { target }, seconds) {
    const argv = ['sockperf', 'ping-pong', '--tcp', '--full-rtt', '-i', target, '-p', `${PORT}`];
    const report = parsePingPong(await lab.run('client', [...argv, '-t', `${seconds}`]));
    return {
      value: report.p50Microseconds,
      operations: report.roundTrips,
      details: { p99Microseconds: report.p99Microseconds },
      faults: [],
    };
  },
};
