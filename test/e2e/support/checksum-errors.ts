import type { Lab } from '../../lab/lab.js';
import type { Host } from '../../lab/topology.js';
import { kernelCounters } from './kernel-counters.js';

/** Every checksum error that a machine has counted since its start, by the name nstat gives it. */
export async function checksumErrors(lab: Lab, host: Host): Promise<Readonly<Record<string, number>>> {
  const kernel = await kernelCounters(lab, host);
  const errors = Object.entries(kernel).filter(([name]) => name.endsWith('CsumErrors'));
  if (!errors.some(([name]) => name === 'TcpInCsumErrors')) {
    throw new Error(
      `Expected nstat on ${host} to know TcpInCsumErrors but received ${Object.keys(kernel).length} others`,
    );
  }
  return Object.fromEntries(errors);
}
