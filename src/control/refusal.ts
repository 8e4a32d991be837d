import { type ErrorCode, messageOf, UipvsError } from '../base/error.js';

/** What a client is told of what was thrown: a refusal in its own words, or that the daemon failed. */
export function refusalOf(thrown: unknown): { readonly errno: ErrorCode; readonly message: string } {
  if (thrown instanceof UipvsError) return { errno: thrown.code, message: thrown.message };
  return { errno: 'EIO', message: `uipvsd failed to answer: ${messageOf(thrown)}` };
}
