import type { Lab } from '../../lab/lab.js';
import type { Host } from '../../lab/topology.js';

/** What a machine's kernel has counted since its start, by the names that nstat gives. */
export async function kernelCounters(lab: Lab, host: Host): Promise<Readonly<Record<string, number>>> {
  const text = await lab.run(host, ['nstat', '-asz', '--json']);
  return (JSON.parse(text) as { kernel: Readonly<Record<string, number>> }).kernel;
}

/** One of them. Throws where there is none of this name. */
export async function kernelCounter(lab: Lab, host: Host, name: string): Promise<number> {
  const counters = await kernelCounters(lab, host);
  const count = counters[name];
  if (count === undefined) {
    const known = Object.keys(counters).length;
    throw new Error(`Expected nstat on ${host} to know ${name} but received ${known} others`);
  }
  return count;
}
