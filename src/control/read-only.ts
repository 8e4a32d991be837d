/** What may be asked on the read-only socket. */
import { UipvsError } from '../base/error.js';
import type { Handler } from './outcome.js';
import type { Request } from './protocol.js';

/** All that change nothing: what is not named here counts as a change. */
const READING_OPERATIONS: ReadonlySet<Request['op']> = new Set([
  'info',
  'list',
  'connections',
  'timeouts',
  'sysctls',
  'drops',
]);

export function isReading(operation: Request['op']): boolean {
  return READING_OPERATIONS.has(operation);
}

/** Carries out what `handler` does of these, and refuses everything else with EPERM. */
export function readOnly(handler: Handler): Handler {
  return async (request) => {
    if (isReading(request.op)) return await handler(request);
    throw new UipvsError('EPERM', `'${request.op}' is refused: this socket is for reading only`);
  };
}
