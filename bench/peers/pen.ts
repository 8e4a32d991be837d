import { VIP } from '../../test/lab/topology.js';
import type { Peer } from '../peer.js';

const START_TIMEOUT_MS = 10_000;

/** Round robin without a memory of clients, in the foreground, and room for as many connections as the others have. */
const OPTIONS = ['-f', '-r', '-x', '4096', '-c', '4096'];

/** A small load balancer of the kind that uipvs is: no reading of requests, TCP and UDP. */
export const pen: Peer = {
  name: 'pen',
  title: 'pen',
  isUipvs: false,
  description: 'pen, round robin (-r), one process, -x 4096 -c 4096',
  programs: ['pen'],
  protocols: ['tcp', 'udp'],
  async start(lab, { protocol, port, servers }) {
    await lab.ip('director', [`address add ${VIP.ipv4}/32 dev lo`]);
    const argv = ['pen', ...OPTIONS, ...(protocol === 'udp' ? ['-U'] : []), `${VIP.ipv4}:${port}`];
    const child = lab.spawn('director', [...argv, ...servers.map((address) => `${address}:${port}`)]);
    await child.ready('pen to listen', START_TIMEOUT_MS, () => lab.isListening('director', protocol, port));
    return { target: VIP.ipv4, uipvs: null };
  },
};
