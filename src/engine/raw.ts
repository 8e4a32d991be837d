/** The sockets that packets leave by past the kernel's IP stack, and what it means when they fail. */
import { UipvsError } from '../base/error.js';
import { isNativeError, type NativeEngine } from './addon.js';

// Specification: asm-generic/errno-base.h, asm-generic/errno.h.
const EPERM = 1;
const EAFNOSUPPORT = 97;

/** Errors: EPERM without CAP_NET_RAW, ENOTSUP where the kernel has no packet sockets, EIO. */
export function openRaw(native: Pick<NativeEngine, 'openRaw'>): void {
  try {
    native.openRaw();
  } catch (thrown) {
    if (!isNativeError(thrown)) throw thrown;
    if (thrown.errno === EPERM)
      throw new UipvsError('EPERM', 'no permission for packet sockets: CAP_NET_RAW is needed');
    if (thrown.errno === EAFNOSUPPORT)
      throw new UipvsError('ENOTSUP', 'this host has no packet sockets: load the af_packet module');
    throw new UipvsError('EIO', `packets cannot be sent past the kernel: ${thrown.message}`);
  }
}
