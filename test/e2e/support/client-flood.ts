import { CLIENT_DEVICE, VIP } from '../../lab/topology.js';
import { pythonProgram } from './program.js';
import type { Scene } from './scene.js';

const PATIENCE_MS = 300_000;

export interface ClientFlood {
  readonly kind: 'udp' | 'syn';
  readonly port: number;
  /** Packets, each of another client. */
  readonly count: number;
  readonly perSecond: number;
  /** Default: the IPv4 VIP. */
  readonly vip?: string;
}

/** Sends packets to a VIP, each of another client, of addresses that nobody has. Settles when all are sent. */
export async function floodWithClients(
  scene: Scene,
  { kind, port, count, perSecond, vip = VIP.ipv4 }: ClientFlood,
): Promise<void> {
  const addressOf = async (host: 'client' | 'director', device: string): Promise<string> =>
    (await scene.lab.run(host, ['cat', `/sys/class/net/${device}/address`])).trim();
  const [gateway, source] = await Promise.all([
    addressOf('director', CLIENT_DEVICE),
    addressOf('client', 'eth0'),
  ]);
  const program = ['python3', pythonProgram('client_flood.py'), kind, 'eth0', gateway, source, vip];
  const numbers = [port, 0, count, perSecond].map(String);
  await scene.lab.run('client', [...program, ...numbers], { timeoutMs: PATIENCE_MS });
}
