/** What real servers and the director say of masqueraded connections. */
import { until } from '../../lab/poll.js';
import type { Host } from '../../lab/topology.js';
import { endpoint, type Scene } from './scene.js';

const PATIENCE_MS = 5000;

/** `address:port` of each pair, in order. */
export function combinations(addresses: readonly string[], ports: readonly number[]): readonly string[] {
  return addresses.flatMap((address) => ports.map((port) => endpoint(address, port))).sort();
}

/**
 * Where the established TCP connections of a family to a port of the machine come from, in order, as soon as there are
 * `count` of them; its kernel hears of the last one later than the client. Throws EBUSY after 5 s.
 */
export async function sourcesAt(
  scene: Scene,
  host: Host,
  family: 'ipv4' | 'ipv6',
  port: number,
  count: number,
): Promise<readonly string[]> {
  const filter = ['state', 'established', 'sport', '=', `:${port}`];
  let sources: readonly string[] = [];
  await until(`${host} to have ${count} connections to port ${port}`, PATIENCE_MS, async () => {
    const text = await scene.lab.run(host, ['ss', '-H', '-t', '-n', ...filter]);
    sources = text
      .split('\n')
      .map((line) => line.trim().split(/\s+/).at(3) ?? '')
      // A socket of both families shows IPv4 addresses mapped.
      .map((source) => source.replace(/^\[::ffff:([\d.]+)\]/, '$1'))
      .filter((source) => source !== '' && source.startsWith('[') === (family === 'ipv6'));
    return sources.length === count;
  });
  return sources.toSorted();
}

/** How many packets were refused for want of a source port, as `uipvsadm --drops` says. */
export async function refusedForPorts(scene: Scene): Promise<number> {
  const [, count] = / refused_masquerade_ports +(\d+)\n/.exec(await scene.adm('--drops', '--exact')) ?? [];
  if (count === undefined) throw new Error('uipvsadm --drops names no refused_masquerade_ports');
  return Number(count);
}
