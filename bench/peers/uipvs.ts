import { VIP } from '../../test/lab/topology.js';
import type { Peer } from '../peer.js';

function uipvsPeer(name: string, io: 'packet' | 'tun', description: string): Peer {
  return {
    name,
    description,
    programs: [],
    protocols: ['tcp', 'udp'],
    async start(lab, { protocol, port, servers }) {
      const uipvs = await lab.startUipvs('director', { args: ['--io', io] });
      const option = protocol === 'tcp' ? '-t' : '-u';
      const service = `${option} ${VIP.ipv4}:${port}`;
      await uipvs.restore([
        `-A ${service} -s rr`,
        ...servers.map((address) => `-a ${service} -r ${address}:${port} -m -w 1`),
      ]);
      return VIP.ipv4;
    },
  };
}

/** uipvs as it is by default: packets come in by a TUN device. */
export const uipvs: Peer = uipvsPeer(
  'uipvs',
  'tun',
  'uipvs, rr, masquerading, --io tun (the default), one worker',
);

/** uipvs with packets taken from a packet socket's ring. */
export const uipvsPacket: Peer = uipvsPeer(
  'uipvs-packet',
  'packet',
  'uipvs, rr, masquerading, --io packet, one worker',
);
