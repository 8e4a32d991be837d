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

/** What somebody has written, for a sentence about it: in quotes, and one line whatever is in it. */
export function quoted(text: string): string {
  const escaped = text.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `'${escaped}'`;
}
