/**
 * Interfaces that packets cannot be taken from because of VLANs: their packets are the kernel's to treat.
 *
 * A frame whose tag has VLAN 0 is the device's own packet, with a priority, unless there is a device for VLAN 0: then it
 * comes again by that. A VLAN device that leaves the tag in its frames (`reorder_hdr off`) has no plain Ethernet header.
 * Source: net/8021q/vlan_core.c, vlan_do_receive(); net/8021q/vlanproc.c for the files.
 */
import { readFileSync } from 'node:fs';

const DIRECTORY = '/proc/net/vlan';

/** Their names. None where the kernel has no VLANs. */
export function vlanObstacles(read: (path: string) => string = readText): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [, device = '', id, below = ''] of read(`${DIRECTORY}/config`).matchAll(
    /^(\S+) *\| *(\d+) *\| *(\S+)/gm,
  )) {
    if (id === '0') names.add(below);
    if (/\bREORDER_HDR: 0\b/.test(read(`${DIRECTORY}/${device}`))) names.add(device);
  }
  return names;
}

/** Empty where there is no such file: a device may have gone since. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
