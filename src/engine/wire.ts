/** The sockets by which packets pass by the kernel's IP stack, and what it means when they fail. */
import { UipvsError } from '../base/error.js';
import type { Family } from '../net/family.js';
import { isNativeError, type NativeEngine } from './addon.js';

// Specification: asm-generic/errno-base.h, asm-generic/errno.h.
const EPERM = 1;
const EEXIST = 17;
const ENODEV = 19;
const EINVAL = 22;
const ENOSPC = 28;
const EOPNOTSUPP = 95;
const EAFNOSUPPORT = 97;

/**
 * Makes packets leave straight to their next hop.
 * Errors: EPERM without CAP_NET_RAW, ENOTSUP where the kernel has no packet sockets, EIO.
 */
export function openRaw(native: Pick<NativeEngine, 'openRaw'>): void {
  try {
    native.openRaw();
  } catch (thrown) {
    throw explain(thrown, 'packets cannot be sent past the kernel');
  }
}

/**
 * Takes copies of the ICMP errors that come to addresses of the host; of a family that the host lacks there are none.
 * Errors: EPERM without CAP_NET_RAW, EIO.
 */
export function openKeptErrors(native: Pick<NativeEngine, 'openKeptErrors'>): void {
  for (const family of [4, 6] as const) openKeptErrorsOf(native, family);
}

function openKeptErrorsOf(native: Pick<NativeEngine, 'openKeptErrors'>, family: Family): void {
  try {
    native.openKeptErrors(family);
  } catch (thrown) {
    if (!isNativeError(thrown)) throw thrown;
    if (thrown.errno === EAFNOSUPPORT) return;
    if (thrown.errno === EPERM) throw new UipvsError('EPERM', 'no permission for raw sockets');
    throw new UipvsError('EIO', `no raw socket: ${thrown.message}`);
  }
}

/**
 * Takes copies of the packets that come in by an interface; false, and nothing is taken, where it is the port of a bridge
 * or a bond, which has the packets.
 * Errors: ENOENT where it has gone, EINVAL where it is no Ethernet, ENOSPC for more than 64, and those of {@link openRaw}.
 */
export function openWire(native: Pick<NativeEngine, 'openWire'>, name: string): boolean {
  try {
    return native.openWire(name);
  } catch (thrown) {
    if (isNativeError(thrown)) {
      if (thrown.errno === EEXIST) return true;
      if (thrown.errno === ENODEV) throw new UipvsError('ENOENT', `there is no interface ${name}`);
      if (thrown.errno === EINVAL || thrown.errno === EOPNOTSUPP)
        throw new UipvsError('EINVAL', `interface ${name} is no Ethernet that packets could be taken from`);
      if (thrown.errno === ENOSPC)
        throw new UipvsError('ENOSPC', `interface ${name} is one more than packets can be taken from`);
    }
    throw explain(thrown, `packets cannot be taken from interface ${name}`);
  }
}

function explain(thrown: unknown, what: string): unknown {
  if (!isNativeError(thrown)) return thrown;
  if (thrown.errno === EPERM)
    return new UipvsError('EPERM', 'no permission for packet sockets: CAP_NET_RAW is needed');
  if (thrown.errno === EAFNOSUPPORT)
    return new UipvsError('ENOTSUP', 'this host has no packet sockets: load the af_packet module');
  return new UipvsError('EIO', `${what}: ${thrown.message}`);
}
