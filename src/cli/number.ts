/** Numbers on the command line, as strtol(3) with base 10 reads them. */
import { usageError } from './command-line-error.js';

/** 31 days: the longest timeout ipvsadm takes, in seconds. */
const MAX_TIMEOUT_SECONDS = 86400 * 31;

/** Persistence where `-p` has no value, in seconds. */
const DEFAULT_PERSISTENCE_SECONDS = 360;

const MAX_FWMARK = 0xffffffff;

/** The number, or undefined where `text` is none or not within min..max. Leading blanks and a plus are legal. */
export function parseNumber(text: string, min: number, max: number): number | undefined {
  if (!/^[ \t\n\v\f\r]*[+-]?\d+$/.test(text)) return undefined;
  const value = Number(text);
  return value >= min && value <= max ? value : undefined;
}

/** The number in front of `text`, 0 where there is none. Source: atoi(3). */
export function parseLeadingNumber(text: string): number {
  const match = /^[ \t\n\v\f\r]*([+-]?\d+)/.exec(text);
  return Number(match?.[1] ?? 0);
}

/** Seconds of a timeout of `--set`: 0 keeps the present one. */
export function parseTimeout(text: string): number {
  const seconds = parseNumber(text, 0, MAX_TIMEOUT_SECONDS);
  if (seconds === undefined) throw usageError(`invalid timeout value \`${text}' specified`);
  return seconds;
}

/** Seconds of persistence; `text` is undefined where `-p` has no value. */
export function parsePersistence(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PERSISTENCE_SECONDS;
  const seconds = parseNumber(text, 1, MAX_TIMEOUT_SECONDS);
  if (seconds === undefined) throw usageError(`invalid timeout value \`${text}' specified`);
  return seconds;
}

export function parseFwmark(text: string): number {
  const mark = parseNumber(text, 1, MAX_FWMARK);
  if (mark === undefined) throw usageError(`invalid fwmark value \`${text}' specified`);
  return mark;
}
