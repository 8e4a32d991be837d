/** Codes that callers may branch on. The errno names carry the kernel's meaning for the same refusal. */
export type ErrorCode =
  | 'EACCES'
  | 'EADDRINUSE'
  | 'EBUSY'
  | 'EEXIST'
  | 'EINVAL'
  | 'EIO'
  | 'ENOENT'
  | 'ENOMEM'
  | 'ENOSPC'
  | 'ENOTSUP'
  | 'EPERM'
  | 'ERANGE'
  | 'ESRCH';

/** The one error class of the project: a stable `code` and a sentence that names the thing and the value. */
export class UipvsError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UipvsError';
    this.code = code;
  }
}

/** The message of anything that was thrown, on one line, without a stack trace. */
export function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
