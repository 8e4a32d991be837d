import type { Lab } from '../../test/lab/lab.js';
import { realServer } from '../../test/lab/topology.js';
import { parseThroughput } from '../tools/sockperf.js';
import type { Family, Trial } from '../trial.js';

const PORT = 11111;
const SERVER = realServer(1);

/** Small enough that only the number of packets counts; sockperf's own header takes 14. */
const SMALL_PAYLOAD_BYTES = 22;

/** IPv4 and UDP headers. */
const HEADER_BYTES = 28;

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
 * Datagrams in one flow as fast as the client can send, one way. What counts is what the server's program has read, by
 * the counters of its kernel; what the client sent and nobody got is lost and does not count.
 */
function rate(name: string, title: string, payloadBytes: number, family?: Family): Trial {
  return {
    name,
    title,
    unit: '1/s',
    better: 'more',
    operation: 'datagram',
    ...(family === undefined ? {} : { family, usualPeers: ['uipvs', 'uipvs-packet', 'nft', 'nginx'] }),
    service: { protocol: 'udp', port: PORT, servers: [SERVER.ipv4] },
    programs: ['sockperf'],
    async serve(lab) {
      lab.spawn(SERVER.host, ['sockperf', 'server', '-i', '0.0.0.0', '-p', `${PORT}`]);
      await lab.waitForListen(SERVER.host, 'udp', PORT);
    },
    async load(lab, { target }, seconds) {
      const before = await udpCounters(lab);
      const argv = ['sockperf', 'throughput', '-i', target, '-p', `${PORT}`, '-m', `${payloadBytes}`];
      const report = parseThroughput(await lab.run('client', [...argv, '-t', `${seconds}`]));
      const after = await udpCounters(lab);
      const grown = (counter: string): number => (after.get(counter) ?? 0) - (before.get(counter) ?? 0);
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
}

/** The smallest of datagrams, where nothing but the packets' number counts. */
export const udpRate: Trial = rate(
  'udp-rate',
  `UDP datagrams of ${SMALL_PAYLOAD_BYTES} bytes`,
  SMALL_PAYLOAD_BYTES,
);

/** The same by size of the packet, IP header included. */
export const DATAGRAM_SIZES: readonly Trial[] = [64, 128, 256, 512, 1024, 1500].map((bytes) =>
  rate(`udp-size-${bytes}`, `UDP packets of ${bytes} bytes`, bytes - HEADER_BYTES, {
    name: 'udp-size',
    title: 'UDP packets by size',
    label: `${bytes} B`,
    isOrdered: true,
  }),
);
