import { UipvsError } from '../../src/base/error.js';
import type { Peer } from '../peer.js';

/** The baseline: no balancer, the director only routes to the first real server. */
export const direct: Peer = {
  name: 'direct',
  title: 'no balancer',
  isUipvs: false,
  description: 'no balancer: the director routes to one real server',
  programs: [],
  protocols: ['tcp', 'udp'],
  async start(_lab, service) {
    const [first] = service.servers;
    if (first === undefined)
      throw new UipvsError('EINVAL', 'Expected a service with a real server but received none');
    return { target: first, uipvs: null };
  },
};
