import { executeOk } from '../../lab/exec.js';
import type { Lab } from '../../lab/lab.js';
import { type Host, settings } from '../../lab/topology.js';

/** One end of a cable. */
export interface Plug {
  readonly host: Host;
  readonly device: string;
}

/** One more machine of a lab, without cables; a `router` forwards. It goes with the lab, as its own machines do. */
export async function addMachine(lab: Lab, name: string, kind: 'router' | 'end'): Promise<Host> {
  const host = name as Host; // the lab has no such machine, but it names and removes every namespace by this pattern
  await executeOk(['ip', 'netns', 'add', lab.namespace(host)]);
  await lab.sysctl(host, settings(kind === 'router' ? 'director' : 'client'));
  await lab.ip(host, ['link set lo up']);
  return host;
}

/** Joins two machines by a veth pair, which is up at both ends. */
export async function joinMachines(lab: Lab, one: Plug, other: Plug): Promise<void> {
  const near = [one.device, 'netns', lab.namespace(one.host)];
  const far = [other.device, 'netns', lab.namespace(other.host)];
  await executeOk(['ip', 'link', 'add', ...near, 'type', 'veth', 'peer', 'name', ...far]);
  for (const { host, device } of [one, other]) await lab.ip(host, [`link set ${device} up`]);
}

/** Takes a device out of one machine and puts it into another, where it comes up without addresses. */
export async function moveDevice(lab: Lab, device: string, from: Host, to: Host): Promise<void> {
  await lab.ip(from, [`link set ${device} netns ${lab.namespace(to)}`]);
  await lab.ip(to, [`link set ${device} up`]);
}
