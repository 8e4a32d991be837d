import type { Service } from '../peer.js';

/** Virtual addresses and ports of the services, which are one service for each pair of both. */
export const MANY = { firstAddress: '10.9.1.0', addresses: 100, firstPort: 5000, ports: 100, servers: 10 };

/** Lines of `uipvsadm -R`. */
export interface ServiceLists {
  readonly additions: readonly string[];
  readonly deletions: readonly string[];
}

/** 10,000 services with 10 destinations each on `servers`, as `uipvsadm -S` would save them: 110,000 lines. */
export function manyServices(
  protocol: Service['protocol'],
  servers: readonly string[] = Array.from({ length: MANY.servers }, (_, index) => `10.1.0.${101 + index}`),
): ServiceLists {
  const option = protocol === 'tcp' ? '-t' : '-u';
  const prefix = MANY.firstAddress.slice(0, MANY.firstAddress.lastIndexOf('.'));
  const additions: string[] = [];
  const deletions: string[] = [];
  for (let address = 0; address < MANY.addresses; address++) {
    for (let index = 0; index < MANY.ports; index++) {
      const port = MANY.firstPort + index;
      const service = `${option} ${prefix}.${address}:${port}`;
      additions.push(`-A ${service} -s rr`);
      for (const server of servers) additions.push(`-a ${service} -r ${server}:${port} -m -w 1`);
      deletions.push(`-D ${service}`);
    }
  }
  return { additions, deletions };
}
