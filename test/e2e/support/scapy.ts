import type { Lab } from '../../lab/lab.js';
import { CLIENT_DEVICE, type Host, LAN_DEVICE } from '../../lab/topology.js';
import { pythonProgram } from './program.js';

/** Debian's: another python3 that comes first on the path has no scapy of Debian's. */
const PYTHON = '/usr/bin/python3';
/** scapy takes a second to be loaded, and longer on a busy machine. */
const LIMIT_MS = 60_000;

/** Sends packets from a machine to the director, each line an expression for scapy; see scapy_send.py. One start for all. */
export async function sendByScapy(lab: Lab, host: Host, lines: readonly string[]): Promise<void> {
  const gateway = host === 'client' ? CLIENT_DEVICE : LAN_DEVICE;
  const mac = (await lab.run('director', ['cat', `/sys/class/net/${gateway}/address`])).trim();
  const argv = [PYTHON, pythonProgram('scapy_send.py'), 'eth0', mac];
  await lab.run(host, argv, { input: `${lines.join('\n')}\n`, timeoutMs: LIMIT_MS });
}
