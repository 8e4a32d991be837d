/** The making of the TUN device, and what it means when it fails. */
import { UipvsError } from '../base/error.js';
import { isNativeError, type NativeEngine } from './addon.js';

// Specification: linux/if_tun.h, asm-generic/errno-base.h.
const TUN_F_CSUM = 0x01;
const TUN_F_TSO4 = 0x02;
const TUN_F_TSO6 = 0x04;
const TUN_F_USO4 = 0x20;
const EPERM = 1;
const ENOENT = 2;
const EBUSY = 16;

/**
 * Makes the device, or takes it over by descriptors of it that were kept open; returns the names of the offloads the kernel granted.
 * Errors: ENOTSUP without /dev/net/tun, EPERM without CAP_NET_ADMIN, EBUSY where another process has the device, EIO.
 */
export function openTun(
  native: Pick<NativeEngine, 'openTun'>,
  name: string,
  kept: readonly number[],
): readonly string[] {
  try {
    const offloads = native.openTun(name, kept);
    const named: readonly (readonly [number, string])[] = [
      [TUN_F_CSUM, 'checksum'],
      [TUN_F_TSO4, 'tso4'],
      [TUN_F_TSO6, 'tso6'],
      [TUN_F_USO4, 'uso'],
    ];
    return named.filter(([bit]) => (offloads & bit) !== 0).map(([, offload]) => offload);
  } catch (thrown) {
    if (!isNativeError(thrown)) throw thrown;
    if (thrown.errno === EBUSY) {
      throw new UipvsError(
        'EBUSY',
        `device ${name} is in use by another process: is a uipvsd running already?`,
      );
    }
    if (thrown.errno === EPERM) {
      throw new UipvsError('EPERM', `no permission to make device ${name}: CAP_NET_ADMIN is needed`);
    }
    if (thrown.errno === ENOENT) {
      throw new UipvsError(
        'ENOTSUP',
        'this host has no /dev/net/tun: load the tun module or pass the device in',
      );
    }
    throw new UipvsError('EIO', `device ${name} cannot be made: ${thrown.message}`);
  }
}
