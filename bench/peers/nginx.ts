import { existsSync } from 'node:fs';
import { VIP } from '../../test/lab/topology.js';
import type { Peer, Service } from '../peer.js';

/** Debian builds the stream module apart from nginx; where this file does not exist it is built in. */
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';

function configuration({ protocol, port, servers }: Service, workers: string): string {
  const isUdp = protocol === 'udp';
  return `
${existsSync(STREAM_MODULE) ? `load_module ${STREAM_MODULE};` : ''}
worker_processes ${workers};
events { worker_connections 8192; }
stream {
  upstream servers {
${servers.map((address) => `    server ${address}:${port};`).join('\n')}
  }
  server { listen ${VIP.ipv4}:${port}${isUdp ? ' udp' : ' backlog=4096'}; proxy_pass servers; }
}`;
}

function nginxPeer(name: string, title: string, description: string, workers: string): Peer {
  return {
    name,
    title,
    isUipvs: false,
    description,
    programs: ['nginx'],
    protocols: ['tcp', 'udp'],
    async start(lab, service) {
      await lab.ip('director', [`address add ${VIP.ipv4}/32 dev lo`]);
      await lab.startNginx('director', configuration(service, workers));
      return { target: VIP.ipv4, uipvs: null };
    },
  };
}

/** nginx's stream proxy as distributions configure it: a worker for every processor. */
export const nginx: Peer = nginxPeer(
  'nginx',
  'nginx stream',
  'nginx stream, round robin, worker_processes auto (one a processor)',
  'auto',
);

/** nginx's stream proxy with one worker, which is what it does unless told. */
export const nginxOneWorker: Peer = nginxPeer(
  'nginx-1',
  'nginx, 1 worker',
  'nginx stream, round robin, worker_processes 1',
  '1',
);
