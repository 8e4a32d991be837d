/** The TUN device as a network link: made ready when the daemon takes it, given back as it was. */
import { UipvsError } from '../base/error.js';
import type { LinkProperties } from './journal.js';
import type { HostSystem, Json } from './system.js';

/** Packets the device holds for a worker that is busy; the kernel drops what exceeds it. */
const QUEUE_LENGTH = 10_000;
const MIN_MTU_BYTES = 1500;
/**
 * An address that is the host's anyway and never chosen as a source, because of its scope. Without any, the kernel drops
 * what leaves the device if rp_filter is 1 or 2 for all devices and the route back does not lead to the device: packets
 * of real servers that go on unchanged, above all.
 * Source: linux net/ipv4/fib_frontend.c, __fib_validate_source(), no_addr.
 */
const ADDRESS = '127.117.0.1/32';

function flagsOf(link: Json): readonly unknown[] {
  return Array.isArray(link.flags) ? link.flags : [];
}

function kindOf(link: Json): unknown {
  return (link.linkinfo as Json | undefined)?.info_kind;
}

function findDevice(links: readonly Json[], device: string): Json {
  const link = links.find((candidate) => candidate.ifname === device);
  if (link === undefined) throw new UipvsError('ENOENT', `There is no network device ${device}`);
  if (kindOf(link) !== 'tun')
    throw new UipvsError('EINVAL', `Expected a TUN device but ${device} is not one`);
  return link;
}

/** What the device is like now. Errors: ENOENT when there is none; EINVAL when it is not a TUN device. */
export async function readLink(
  system: HostSystem,
  device: string,
): Promise<{ readonly properties: LinkProperties; readonly largestMtuBytes: number }> {
  const links = await system.list(4, ['-details', 'link', 'show']);
  const link = findDevice(links, device);
  const others = links.filter((other) => other !== link && !flagsOf(other).includes('LOOPBACK'));
  return {
    properties: {
      mtuBytes: Number(link.mtu),
      queueLength: Number(link.txqlen),
      addressGeneration: String(link.inet6_addr_gen_mode ?? ''),
      isMulticast: flagsOf(link).includes('MULTICAST'),
      isUp: flagsOf(link).includes('UP'),
    },
    largestMtuBytes: Math.max(MIN_MTU_BYTES, ...others.map((other) => Number(other.mtu))),
  };
}

/**
 * Sets the link up, without an IPv6 address of its own and without multicast: nothing but what is routed to it comes
 * out, no solicitations and no reports. `isWritten`: packets come in by it, for which it gets an IPv4 address.
 * Errors: EINVAL when the kernel refuses the MTU; EIO.
 */
export async function setUpLink(
  system: HostSystem,
  device: string,
  mtuBytes: number,
  isWritten: boolean,
): Promise<void> {
  const lines = [
    `link set dev ${device} mtu ${mtuBytes} txqueuelen ${QUEUE_LENGTH}`,
    `link set dev ${device} addrgenmode none`,
    `link set dev ${device} multicast off`,
    `link set dev ${device} up`,
  ];
  if (isWritten) lines.push(`address add ${ADDRESS} dev ${device} scope host`);
  for (const { line, reason } of await system.change(4, lines, 'all')) {
    if (/File exists/.test(reason)) continue;
    // A kernel or a namespace without IPv6 has no address generation to switch off.
    if (line === 1) continue;
    const code = line === 0 ? 'EINVAL' : 'EIO';
    throw new UipvsError(code, `Device ${device} with an mtu of ${mtuBytes} bytes was refused: ${reason}`);
  }
}

/** Whether the link is as {@link setUpLink} leaves it, whatever its MTU. */
export function isSetUp({ isUp, isMulticast, queueLength }: LinkProperties): boolean {
  return isUp && !isMulticast && queueLength === QUEUE_LENGTH;
}

/** Gives the device back as it was; does nothing when it is gone. */
export async function restoreLink(system: HostSystem, device: string, link: LinkProperties): Promise<void> {
  const lines = [
    `address del ${ADDRESS} dev ${device}`,
    `link set dev ${device} mtu ${link.mtuBytes} txqueuelen ${link.queueLength}`,
  ];
  if (link.isMulticast) lines.push(`link set dev ${device} multicast on`);
  if (!link.isUp) lines.push(`link set dev ${device} down`);
  if (link.addressGeneration !== '')
    lines.push(`link set dev ${device} addrgenmode ${link.addressGeneration}`);
  await system.change(4, lines, 'all');
}
