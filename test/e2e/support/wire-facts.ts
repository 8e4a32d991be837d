/** Which way packets take through the daemon. */
import { readdir, readFile } from 'node:fs/promises';
import type { Lab } from '../../lab/lab.js';
import type { UipvsProcess } from '../../lab/uipvs-process.js';

const TUN = 'uipvs0';

/** Packets that the kernel has given to the TUN device. */
export async function packetsByTun(lab: Lab): Promise<number> {
  return Number(await lab.run('director', ['cat', `/sys/class/net/${TUN}/statistics/tx_packets`]));
}

/** Packets that the daemon has given to the TUN device. */
export async function packetsToTun(lab: Lab): Promise<number> {
  return Number(await lab.run('director', ['cat', `/sys/class/net/${TUN}/statistics/rx_packets`]));
}

/** The interfaces that packets are taken from, by the daemon's last word on it; none before the first. */
export function takenInterfaces(uipvs: UipvsProcess): readonly string[] {
  const lines = uipvs.log.split('\n').filter((line) => line.includes('"packets are taken from the wire"'));
  return lines.length === 0
    ? []
    : (JSON.parse(lines.at(-1) ?? '') as { interfaces: readonly string[] }).interfaces;
}

/** For how long the daemon's first worker has had a processor, in us. */
export async function workerTimeUs(uipvs: UipvsProcess): Promise<number> {
  const tasks = `/proc/${uipvs.pid}/task`;
  for (const task of await readdir(tasks)) {
    if ((await readFile(`${tasks}/${task}/comm`, 'utf8')).trim() !== 'uipvs-worker0') continue;
    const [ranNs] = (await readFile(`${tasks}/${task}/schedstat`, 'utf8')).split(' ');
    return Number(ranNs) / 1000;
  }
  throw new Error('The daemon has no worker');
}

/** Packets that left past the kernel's IP stack, of a daemon with `--metrics` at `endpoint`. */
export async function packetsPastKernel(lab: Lab, endpoint: string): Promise<number> {
  const text = await lab.run('director', ['curl', '-sS', '-g', `http://${endpoint}/metrics`]);
  return Number(/^uipvs_transmitted_raw_total (\d+)$/m.exec(text)?.[1]);
}
