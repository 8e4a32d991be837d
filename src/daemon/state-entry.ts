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

export type StateEntry =
  | { readonly op: 'begin'; readonly version: number; readonly bootId: string }
  | Exclude<Change, { readonly op: 'add-destination' }>
  | {
      readonly op: 'add-destination';
      readonly key: ServiceKey;
      readonly destination: DestinationSpec;
      readonly id: number;
      /** How many destinations are before it. */
      readonly place: number;
    }
  | { readonly op: 'set-timeouts'; readonly timeouts: Timeouts }
  | { readonly op: 'set-sysctl'; readonly name: string; readonly value: string }
  /** A TUN device that stays when the daemon dies, or does no longer. */
  | { readonly op: 'keep-device' | 'give-device'; readonly name: string }
  /** All of them or none. */
  | { readonly op: 'batch'; readonly entries: readonly StateEntry[] };

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;
const SUM_DIGITS = 8;
const MAX_ID = 2 ** 28;

/** Source: Fowler, Noll and Vo, FNV-1a of 32 bits, here over UTF-16 code units. */
function sumOf(line: string): string {
  let sum = OFFSET_BASIS;
  for (let at = 0; at < line.length; at += 1) sum = Math.imul(sum ^ line.charCodeAt(at), PRIME);
  return (sum >>> 0).toString(16).padStart(SUM_DIGITS, '0');
}

/** The line, with its end. */
export function formatEntry(entry: StateEntry): string {
  const json = JSON.stringify(entry);
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
