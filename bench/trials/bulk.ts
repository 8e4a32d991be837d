import type { Lab } from '../../test/lab/lab.js';
import { CLIENT_DEVICE, realServer } from '../../test/lab/topology.js';
import { parseIperf3 } from '../tools/iperf3.js';
import type { Trial } from '../trial.js';

const PORT = 5201;
const SERVER = realServer(1);

/** What a direction adds to a name and a title, and to iperf3's arguments. */
const DIRECTIONS = {
  up: { title: 'client to server', args: [] },
  down: { title: 'server to client', args: ['-R'] },
} as const;

/** iperf3 needs its control connection and its data at the same server, so the service has a single real server. */
const COMMON = {
  unit: 'Gbit/s',
  better: 'more',
  operation: 'megabyte',
  service: { protocol: 'tcp', port: PORT, servers: [SERVER.ipv4] },
  programs: ['iperf3'],
} as const satisfies Partial<Trial>;

async function serve(lab: Lab): Promise<void> {
  lab.spawn(SERVER.host, ['iperf3', '--server', '--port', `${PORT}`]);
  await lab.waitForListen(SERVER.host, 'tcp', PORT);
}

function load(args: readonly string[]): Trial['load'] {
  return async (lab, { target }, seconds) => {
    const argv = ['iperf3', '--client', target, '--port', `${PORT}`, '--json', '--time', `${seconds}`];
    const report = parseIperf3(await lab.run('client', [...argv, ...args]));
    return {
      value: report.receivedBitsPerSecond / 1e9,
      operations: report.receivedBytes / 1e6,
      details: { retransmits: report.retransmits },
      faults: [],
    };
  };
}

/** Bulk TCP, `flows` at once in one direction. */
export function bulk(flows: number, direction: keyof typeof DIRECTIONS): Trial {
  const { title, args } = DIRECTIONS[direction];
  return {
    ...COMMON,
    name: `bulk-${flows}-${direction}`,
    title: `Bulk TCP, ${flows} ${flows === 1 ? 'flow' : 'flows'} ${title}`,
    serve,
    load: load(['--parallel', `${flows}`, ...args]),
  };
}

/** `mss` null: the greatest that the device can. Without offload every packet goes its way alone. */
function segments(name: string, label: string, mss: number | null, hasOffload: boolean): Trial {
  return {
    ...COMMON,
    name: `bulk-${name}`,
    title: `Bulk TCP, 1 flow client to server, ${label}`,
    family: { name: 'segments', title: 'Bulk TCP, 1 flow, by segment size', label, isOrdered: false },
    usualPeers: ['uipvs', 'uipvs-packet', 'nft', 'haproxy'],
    async serve(lab) {
      const devices = [
        ['client', 'eth0'],
        [SERVER.host, 'eth0'],
        ['director', CLIENT_DEVICE],
        ['director', SERVER.host],
      ] as const;
      const features = { tso: false, gso: false, gro: false };
      if (!hasOffload) await Promise.all(devices.map(([host, name]) => lab.ethtool(host, name, features)));
      await serve(lab);
    },
    load: load(mss === null ? [] : ['--set-mss', `${mss}`]),
  };
}

/** Super-packets of segments of so many bytes, and packets one by one. */
export const SEGMENT_SIZES: readonly Trial[] = [
  segments('mss-536', 'MSS 536', 536, true),
  segments('mss-1000', 'MSS 1000', 1000, true),
  segments('mss-1448', 'MSS 1448', 1448, true),
  segments('without-offload', 'no GSO', null, false),
];
