/**
 * What is written down of the daemon's configuration, one entry a line: a sum of eight hexadecimal digits, a space, JSON.
 *
 * An entry is a change as a client asks for it; of an added destination it also says the id that connections call it by.
 * Lines come from a file, so everything in them is checked like a client's request.
 */
import { UipvsError } from '../base/error.js';
import { type Fields, fieldsOf, integer, oneOf, refuse, text } from '../control/fields.js';
import type { Change } from '../control/protocol.js';
import { parseRequest } from '../control/request.js';
import { destinationSpec, serviceKey } from '../control/specification-fields.js';
import type { Timeouts } from '../ipvs/listing.js';
import type { DestinationSpec, ServiceKey } from '../ipvs/specification.js';

/** Another version's file is not read. */
export const STATE_VERSION = 1;

interface Addition {
  readonly op: 'add-destination';
  readonly key: ServiceKey;
  readonly destination: DestinationSpec;
  readonly id: number;
  /** How many destinations are before it. */
  readonly place: number;
}

export type StateEntry =
  | { readonly op: 'begin'; readonly version: number; readonly bootId: string }
  | Exclude<Change, { readonly op: 'add-destination' }>
  | Addition
  | { readonly op: 'set-timeouts'; readonly timeouts: Timeouts }
  | { readonly op: 'set-sysctl'; readonly name: string; readonly value: string }
  /** A TUN device that stays when the daemon dies, or does no longer. */
  | { readonly op: 'keep-device' | 'give-device'; readonly name: string }
  /** All of them or none. */
  | { readonly op: 'batch'; readonly entries: readonly StateEntry[] };

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
/** Of a sum, hexadecimal. */
export const SUM_DIGITS = 8;
const MAX_ID = 2 ** 28;

/** Where a sum begins. */
export const SUM_OF_NOTHING = OFFSET_BASIS;

/** Goes on with a sum. Source: Fowler, Noll and Vo, FNV-1a of 32 bits, here over UTF-16 code units. */
export function sumOfText(text: string, before: number): number {
  let sum = before;
  for (let at = 0; at < text.length; at += 1) sum = Math.imul(sum ^ text.charCodeAt(at), PRIME);
  return sum >>> 0;
}

/** The same of bytes that are one code unit each. */
export function sumOfBytes(bytes: Uint8Array, begin: number, end: number, before: number): number {
  let sum = before;
  for (let at = begin; at < end; at += 1) sum = Math.imul(sum ^ (bytes[at] ?? 0), PRIME);
  return sum >>> 0;
}

function sumOf(line: string): string {
  return sumOfText(line, SUM_OF_NOTHING).toString(16).padStart(SUM_DIGITS, '0');
}

/** The character code of one of a sum's digits, the first is number 0. */
export function hexDigitOf(sum: number, digit: number): number {
  const value = (sum >>> (4 * (SUM_DIGITS - 1 - digit))) & 0xf;
  return value < 10 ? 0x30 + value : 0x57 + value;
}

/** What JSON.stringify() gives, for a third of its time: nearly all entries of a large configuration are these. */
function additionJson({ key, destination, id, place }: Addition): string {
  const { address, port, forwarding, tunnel, weight, upperThreshold, lowerThreshold } = destination;
  const service =
    key.kind === 'address'
      ? `{"kind":"address","protocol":"${key.protocol}","address":"${key.address}","port":${key.port}}`
      : `{"kind":"fwmark","mark":${key.mark},"family":${key.family}}`;
  const way = `"forwarding":"${forwarding}","tunnel":${tunnel === null ? 'null' : JSON.stringify(tunnel)}`;
  const numbers = `"weight":${weight},"upperThreshold":${upperThreshold},"lowerThreshold":${lowerThreshold}`;
  return (
    `{"op":"add-destination","key":${service},` +
    `"destination":{"address":"${address}","port":${port},${way},${numbers}},"id":${id},"place":${place}}`
  );
}

/** Without its sum. Addresses are in canonical form. */
export function entryJson(entry: StateEntry): string {
  return entry.op === 'add-destination' ? additionJson(entry) : JSON.stringify(entry);
}

/** The line, with its end. */
export function formatEntry(entry: StateEntry): string {
  const json = entryJson(entry);
  return `${sumOf(json)} ${json}\n`;
}

/** @param line without its end @throws UipvsError EINVAL */
export function parseEntry(line: string): StateEntry {
  const json = line.slice(SUM_DIGITS + 1);
  if (line[SUM_DIGITS] !== ' ' || line.slice(0, SUM_DIGITS) !== sumOf(json)) {
    refuse('line', 'one with a right sum', line.slice(0, SUM_DIGITS));
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    refuse('line', 'JSON', json);
  }
  return entryOf(value);
}

function entryOf(value: unknown): StateEntry {
  const fields = fieldsOf(value, 'entry');
  switch (fields.op) {
    case 'begin':
      return {
        op: 'begin',
        version: integer(fields, 'version', 0, MAX_ID),
        bootId: text(fields, 'bootId', 1, 64),
      };
    case 'add-destination':
      return {
        op: 'add-destination',
        key: serviceKey(fields.key),
        destination: destinationSpec(fields.destination),
        id: integer(fields, 'id', 0, MAX_ID),
        place: integer(fields, 'place', 0, MAX_ID),
      };
    case 'keep-device':
    case 'give-device':
      return { op: fields.op, name: deviceName(fields) };
    case 'batch':
      return { op: 'batch', entries: list(fields).map(entryOf) };
    default:
      return commandOf(fields);
  }
}

function deviceName(fields: Fields): string {
  const name = text(fields, 'name', 1, 15);
  return /^[\w.-]+$/.test(name) ? name : refuse('name', 'the name of a device', name);
}

function list({ entries }: Fields): readonly unknown[] {
  return Array.isArray(entries) ? entries : refuse('entries', 'an array', entries);
}

/** What clients say in the same words. */
function commandOf(fields: Fields): StateEntry {
  const ops = [
    'flush',
    'add-service',
    'edit-service',
    'delete-service',
    'edit-destination',
    'delete-destination',
    'set-timeouts',
    'set-sysctl',
  ] as const;
  oneOf(fields, 'op', ops);
  const request = parseRequest(JSON.stringify(fields));
  for (const op of ops) if (request.op === op) return request as StateEntry;
  throw new UipvsError('EINVAL', `Expected a change but received ${request.op}`);
}
