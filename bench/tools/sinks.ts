import type { Lab } from '../../test/lab/lab.js';
import { type Host, realServer } from '../../test/lab/topology.js';

/** Cables that the sinks hang on: every real server of a sample's lab. */
const CABLES: readonly Host[] = [1, 2, 3].map((index) => realServer(index).host);

/** Far from the addresses of real servers. */
const FIRST_NUMBER = 101;

/** Addresses of `count` sinks, at most 100. */
export function sinkAddresses(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `10.1.0.${FIRST_NUMBER + index}`);
}

/**
 * Give these addresses a way to the real servers' cables, in turn, without anybody at the end: the machines there take
 * the packets in, have no such address, and drop them without a word. So a packet costs little after the director, and
 * is counted by {@link delivered}.
 */
export async function makeSinks(lab: Lab, addresses: readonly string[]): Promise<void> {
  const macs = await Promise.all(CABLES.map((host) => macAddress(lab, host, 'eth0')));
  await lab.ip(
    'director',
    addresses.flatMap((address, index) => {
      const cable = CABLES[index % CABLES.length];
      const mac = macs[index % CABLES.length];
      return [
        `route add ${address}/32 dev ${cable}`,
        `neighbour replace ${address} lladdr ${mac} dev ${cable} nud permanent`,
      ];
    }),
  );
}

/** Of a device of a machine. */
export async function macAddress(lab: Lab, host: Host, device: string): Promise<string> {
  return (await lab.run(host, ['cat', `/sys/class/net/${device}/address`])).trim();
}

export interface Traffic {
  readonly packets: number;
  readonly bytes: number;
}

/** What the director has sent towards the real servers so far. Source: /proc/net/dev, columns of the transmitter. */
export async function delivered(lab: Lab): Promise<Traffic> {
  const lines = (await lab.run('director', ['cat', '/proc/net/dev'])).split('\n');
  let [packets, bytes] = [0, 0];
  for (const line of lines) {
    const [device = '', numbers = ''] = line.split(':');
    if (!CABLES.some((host) => host === device.trim())) continue;
    const columns = numbers.trim().split(/\s+/).map(Number);
    bytes += columns[8] ?? 0;
    packets += columns[9] ?? 0;
  }
  return { packets, bytes };
}
