import { VIP } from '../../test/lab/topology.js';
import type { Peer, Service } from '../peer.js';

/** A table that translates as a round-robin balancer does; connection tracking brings the answers back. */
function ruleset({ protocol, port, servers }: Service): string {
  const choices = servers.map((address, index) => `${index} : ${address}`).join(', ');
  return `
table ip bench {
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip daddr ${VIP.ipv4} ${protocol} dport ${port} dnat to numgen inc mod ${servers.length} map { ${choices} }
  }
}`;
}

/** The kernel's own NAT. */
export const nft: Peer = {
  name: 'nft',
  title: 'nftables DNAT',
  isUipvs: false,
  description: 'kernel nftables DNAT, numgen inc, connection tracking with its defaults',
  programs: ['nft'],
  protocols: ['tcp', 'udp'],
  async start(lab, service) {
    await lab.run('director', ['nft', '-f', '-'], { input: ruleset(service) });
    return { target: VIP.ipv4, uipvs: null };
  },
};
