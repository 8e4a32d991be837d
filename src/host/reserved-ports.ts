/** Ports that the kernel must not give to sockets of its own choice, since the data plane gives them to connections. */
import { UipvsError } from '../base/error.js';
import type { HostContext } from './context.js';
import { mergedRanges, type PortRange, rangeText } from './port-range.js';
import { changeSetting, IPV4 } from './settings.js';

const PATH = `${IPV4}/ip_local_reserved_ports`;
const MAX_PORT = 65_535;

/** `8080,9000-9010` as ranges. Source: linux Documentation/networking/ip-sysctl.rst, ip_local_reserved_ports. */
function parseRanges(text: string): PortRange[] {
  return text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => {
      const [first = '', last = first] = part.split('-');
      return { first: Number(first), last: Number(last) };
    });
}

/** The list with the range in it, as the kernel prints it: in order, adjacent ranges as one. Pure. */
export function withRange(text: string, range: PortRange): string {
  return mergedRanges([...parseRanges(text), range])
    .map(rangeText)
    .join(',');
}

/**
 * Adds the range to net.ipv4.ip_local_reserved_ports, which IPv6 obeys too. Sockets that ask for such a port still get it.
 * Errors: EINVAL; EPERM when the setting cannot be written.
 */
export async function reservePortRange(context: HostContext, range: PortRange): Promise<void> {
  const { first, last } = range;
  if (![first, last].every(Number.isInteger) || !(first >= 1 && first <= last && last <= MAX_PORT)) {
    throw new UipvsError('EINVAL', `Expected a range of ports to reserve but received ${first}-${last}`);
  }
  await changeSetting(context, {
    path: PATH,
    value: withRange((await context.system.readSetting(PATH)) ?? '', range),
    purpose: `the host's own connections must not use ports ${first} to ${last}, which masquerading needs`,
    isRequired: true,
  });
}
