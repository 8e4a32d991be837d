import type { Lab } from '../../test/lab/lab.js';
import { realServer } from '../../test/lab/topology.js';
import { parseThroughput } from '../tools/sockperf.js';
import type { Trial } from '../trial.js';

const PORT = 11111;
const SERVER = realServer(1);

/** Small enough that only the number of packets counts; sockperf's own header takes 14. */
const PAYLOAD_BYTES = 22;

/** UDP counters of a machine's kernel by name. Source: RFC 4113 names, /proc/net/snmp. */
async function udpCounters(lab: Lab): Promise<Map<string, number>> {
  const text = await lab.run(SERVER.host, ['cat', '/proc/net/snmp']);
  const [names = [], values = []] = text
    .split('\n')
    .filter((line) => line.startsWith('Udp: '))
    .map((line) => line.split(' ').slice(1));
  return new Map(names.map((name, index) => [name, Number(values[index])]));
}

/**
 * Small datagrams in one flow as fast as the client can send, one way. What counts is what the server's program has
 * read, by the counters of its kernel; what the client sent and nobody got is lost and does not count.
 */
export const udpRate: Trial = {
  name: 'udp-rate',
  title: `UDP datagrams of ${PAYLOAD_BYTES} bytes`,
  unit: '1/s',
  better: 'more',
  operation: 'datagram',
  service: { protocol: 'udp', port: PORT, servers: [SERVER.ipv4] },
  programs: ['sockperf'],
  async serve(lab) {
    lab.spawn(SERVER.host, ['sockperf', 'server', '-i', '0.0.0.0', '-p', `${PORT}`]);
    await lab.waitForListen(SERVER.host, 'udp', PORT);
  },
  async load(lab, target, seconds) {
    const before = await udpCounters(lab);
    const argv = ['sockperf', 'throughput', '-i', target, '-p', `${PORT}`, '-m', `${PAYLOAD_BYTES}`];
    const report = parseThroughput(await lab.run('client', [...argv, '-t', `${seconds}`]));
    const after = await udpCounters(lab);
    const grown = (name: string): number => (after.get(name) ?? 0) - (before.get(name) ?? 0);
    const delivered = grown('InDatagrams');
    return {
      value: delivered / report.seconds,
      operations: delivered,
      details: {
        sentPerSecond: report.sent / report.seconds,
        lostPercent: (100 * (report.sent - delivered)) / report.sent,
        lostAtServerPercent: (100 * grown('RcvbufErrors')) / report.sent,
      },
      faults: delivered > 0 ? [] : ['no datagram arrived'],
    };
  },
};
