import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { VIP } from '../../test/lab/topology.js';
import type { Peer, Service } from '../peer.js';

function configuration({ port, servers }: Service, threads: string): string {
  return `
global
  maxconn 4096
  ${threads}
defaults
  mode tcp
  balance roundrobin
  timeout connect 5s
  timeout client 60s
  timeout server 60s
listen bench
  bind ${VIP.ipv4}:${port}
${servers.map((address, index) => `  server rs${index + 1} ${address}:${port}`).join('\n')}
`;
}

function haproxyPeer(name: string, title: string, description: string, threads: string): Peer {
  return {
    name,
    title,
    isUipvs: false,
    description,
    programs: ['haproxy'],
    protocols: ['tcp'],
    async start(lab, service) {
      await lab.ip('director', [`address add ${VIP.ipv4}/32 dev lo`]);
      const file = path.join(lab.directory, 'haproxy.cfg');
      writeFileSync(file, configuration(service, threads));
      const child = lab.spawn('director', ['haproxy', '-db', '-f', file]);
      await child.ready('haproxy to listen', 10_000, () => lab.isListening('director', 'tcp', service.port));
      return { target: VIP.ipv4, uipvs: null };
    },
  };
}

/** HAProxy as a TCP proxy, with its own choice of threads: the faster of the two on two processors. */
export const haproxy: Peer = haproxyPeer(
  'haproxy',
  'HAProxy TCP',
  'HAProxy, mode tcp, round robin, default threads (one a processor), tune.* defaults',
  '',
);

/** HAProxy on one thread. */
export const haproxyOneThread: Peer = haproxyPeer(
  'haproxy-1',
  'HAProxy, 1 thread',
  'HAProxy, mode tcp, round robin, nbthread 1, tune.* defaults',
  'nbthread 1',
);
