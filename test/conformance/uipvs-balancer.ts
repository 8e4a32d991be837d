import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Lab } from '../lab/lab.js';
import type { Balancer } from './balancer.js';
import { UipvsadmProcess } from './uipvsadm-process.js';

/** Its files in the format of those of /proc/net are at most this old, in milliseconds. */
const PROC_AGE_MS = 1500;

/** How long a worker may take to act on a decision, in milliseconds. */
const VERDICT_MS = 10;

/**
 * A uipvsd of this tree. It makes an address a VIP by itself when a service is added, but knows none of the addresses that
 * a firewall mark covers.
 */
export async function uipvsBalancer(lab: Lab, device: 'tun' | 'packet'): Promise<Balancer> {
  const daemon = await lab.startUipvs('director', { args: ['--io', device] });
  const procDirectory = path.join(path.dirname(daemon.socketPath), 'proc', 'net');
  const program = new UipvsadmProcess(lab, daemon.socketPath);
  return {
    addVip: async () => undefined,
    adm: (words, input = '') => program.run(words, input),
    sysctl: (name, value) => program.run(['--sysctl', value === null ? name : `${name}=${value}`], ''),
    proc: async (name) => {
      await delay(PROC_AGE_MS);
      return readFileSync(path.join(procDirectory, name), 'utf8');
    },
    mark: async (mark, protocol, { address, port }) => {
      await lab.ip('director', [`address replace ${address}/${address.includes(':') ? '128' : '32'} dev lo`]);
      const family = address.includes(':') ? 'ip6' : 'ip';
      const input = [
        'add table inet marks',
        'add chain inet marks prerouting { type filter hook prerouting priority mangle; }',
        `add rule inet marks prerouting ${family} daddr ${address} ${protocol} dport ${port} meta mark set ${mark}`,
      ].join('\n');
      await lab.run('director', ['nft', '-f', '-'], { input });
    },
    settle: async () => {
      // Commands and first packets of connections wait for the same thread; what it says, another one then does.
      await program.run(['-L', '--timeout'], '');
      await delay(VERDICT_MS);
    },
    stop: async () => {
      await program.stop();
      await daemon.stop();
    },
  };
}
