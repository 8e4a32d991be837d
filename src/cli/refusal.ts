/** What is said of a refusal: ipvsadm's own words for the errno, by operation. */
import type { ErrorCode } from '../base/error.js';
import { RefusedError } from '../control/client.js';
import type { Request } from '../control/protocol.js';

type Texts = Readonly<Partial<Record<ErrorCode, string>>>;

const NO_SUCH_SERVICE: Texts = { ESRCH: 'No such service' };
const NOT_DEFINED: Texts = { ESRCH: 'Service not defined' };
const NOT_FOUND: Texts = { ENOENT: 'Scheduler or persistence engine not found' };

const BY_OPERATION: Readonly<Partial<Record<Request['op'], Texts>>> = {
  'add-service': { ...NOT_FOUND, EEXIST: 'Service already exists' },
  'edit-service': { ...NOT_FOUND, ...NO_SUCH_SERVICE },
  'delete-service': NO_SUCH_SERVICE,
  zero: NO_SUCH_SERVICE,
  list: NO_SUCH_SERVICE,
  'stop-sync-daemon': { ESRCH: 'No daemon is running' },
  'add-destination': { ...NOT_DEFINED, EEXIST: 'Destination already exists' },
  'edit-destination': { ...NOT_DEFINED, ENOENT: 'No such destination' },
  'delete-destination': { ...NOT_DEFINED, ENOENT: 'No such destination' },
};

/** ipvsadm's where it has its own, else those of strerror(3). */
const GENERAL: Readonly<Record<ErrorCode, string>> = {
  EACCES: 'Permission denied',
  EADDRINUSE: 'Address already in use',
  EBUSY: 'Device or resource busy',
  EEXIST: 'File exists',
  EINVAL: 'Invalid operation.  Possibly wrong module version, address not unicast, ...',
  EIO: 'Input/output error',
  ENOENT: 'No such file or directory',
  ENOMEM: 'Memory allocation problem',
  ENOSPC: 'No space left on device',
  ENOTSUP: 'Operation not supported',
  EPERM: 'Permission denied (you must be root)',
  ERANGE: 'Numerical result out of range',
  ESRCH: 'No such process',
};

/** Whether the daemon answered, and said no. */
export function isRefusal(error: unknown): error is RefusedError {
  return error instanceof RefusedError;
}

/** One line for stderr: the daemon's own words where it sent any, but for EPERM, of which scripts know ipvsadm's. */
export function refusalText(refusal: RefusedError): string {
  if (refusal.code === 'EPERM') return GENERAL.EPERM;
  return (
    refusal.detail ?? BY_OPERATION[refusal.operation]?.[refusal.code] ?? GENERAL[refusal.code] ?? refusal.code
  );
}

/** The same of a batch, of which a request of `operation` was refused: the words that it has alone go before others. */
export function batchRefusalText(refusal: RefusedError, operation: Request['op'] | undefined): string {
  const words = operation === undefined ? undefined : BY_OPERATION[operation]?.[refusal.code];
  return words ?? refusalText(refusal);
}
