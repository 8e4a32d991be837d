import { fileURLToPath } from 'node:url';
import { VIP } from '../../test/lab/topology.js';
import type { Peer } from '../peer.js';

const PROGRAM = fileURLToPath(new URL('../tools/node-proxy.js', import.meta.url));
const START_TIMEOUT_MS = 10_000;

/** What the same language does without a data plane of its own. */
export const node: Peer = {
  name: 'node',
  title: 'Node.js net, dgram',
  isUipvs: false,
  description: 'Node.js, streams of node:net piped, sockets of node:dgram, round robin, one process',
  programs: [],
  protocols: ['tcp', 'udp'],
  async start(lab, { protocol, port, servers }) {
    await lab.ip('director', [`address add ${VIP.ipv4}/32 dev lo`]);
    const argv = [process.execPath, PROGRAM, protocol, VIP.ipv4, `${port}`, ...servers];
    const child = lab.spawn('director', argv);
    await child.ready('the proxy to listen', START_TIMEOUT_MS, () => child.log.includes('ready'));
    return { target: VIP.ipv4, uipvs: null };
  },
};
