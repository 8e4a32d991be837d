/**
 * Turns a line from the control socket into a Request. The socket's peers are trusted with commands, not with
 * correctness: every field is checked here, so that nothing behind sees a wrong type or a number out of range.
 */
import { UipvsError } from '../base/error.js';
import type { Timeouts } from '../ipvs/listing.js';
import { BatchRefusal } from './batch-refusal.js';
import { type Fields, fieldsOf, integer, oneOf, refuse, text } from './fields.js';
import {
  BATCH_BEGINNING,
  type Change,
  MAX_BATCH_CHANGES,
  MAX_SEQUENCE_CHANGES,
  type Request,
} from './protocol.js';
import { destinationKey, destinationSpec, serviceKey, serviceSpec } from './specification-fields.js';

/** What came on a line: of a sequence's changes, those that are none are there as their refusals. */
export type ReceivedRequest =
  | Exclude<Request, { readonly op: 'sequence' }>
  | { readonly op: 'sequence'; readonly requests: readonly (Change | UipvsError)[] };

const LONG_BEGINNING = `${BATCH_BEGINNING},"requests":[`;
const LONG_END = ']}';
/** In no string of JSON: quotation marks there have a backslash in front. */
const BETWEEN_CHANGES = '},{"op":"';
const PIECE_CHARACTERS = 1 << 17;
const MAX_INT32 = 0x7fffffff;
const MAX_SYSCTL_NAME = 64;
const MAX_SYSCTL_VALUE = 1024;

function timeouts(value: unknown): Timeouts {
  const fields = fieldsOf(value, 'timeouts');
  const seconds = (field: string): number => integer(fields, field, 0, MAX_INT32);
  return { tcp: seconds('tcp'), tcpFin: seconds('tcpFin'), udp: seconds('udp') };
}

/** The change that the fields say, undefined where `op` is none. */
function change(fields: Fields): Change | undefined {
  const { op } = fields;
  switch (op) {
    case 'flush':
      return { op };
    case 'add-service':
    case 'edit-service':
      return { op, service: serviceSpec(fields.service) };
    case 'delete-service':
      return { op, key: serviceKey(fields.key) };
    case 'add-destination':
    case 'edit-destination':
      return { op, key: serviceKey(fields.key), destination: destinationSpec(fields.destination) };
    case 'delete-destination':
      return { op, key: serviceKey(fields.key), destination: destinationKey(fields.destination) };
    default:
      return undefined;
  }
}

function arrayOf(value: unknown, most: number): readonly unknown[] {
  if (!Array.isArray(value)) refuse('requests', 'an array', value);
  if (value.length > most) refuse('requests', `an array of at most ${most}`, value.length);
  return value;
}

/** The change, or why it is none. */
function changeOrRefusal(item: unknown, whole: 'batch' | 'sequence'): Change | UipvsError {
  try {
    const fields = fieldsOf(item, 'request');
    return change(fields) ?? refuse('op', `an operation that can be part of a ${whole}`, fields.op);
  } catch (thrown) {
    if (thrown instanceof UipvsError) return thrown;
    throw thrown;
  }
}

function batched(item: unknown, index: number): Change {
  const known = changeOrRefusal(item, 'batch');
  if (known instanceof UipvsError) throw new BatchRefusal(index, known);
  return known;
}

function batch(value: unknown): readonly Change[] {
  return arrayOf(value, MAX_BATCH_CHANGES).map(batched);
}

function sequence(value: unknown): readonly (Change | UipvsError)[] {
  return arrayOf(value, MAX_SEQUENCE_CHANGES).map((item) => changeOrRefusal(item, 'sequence'));
}

/**
 * The request on one line. Throws UipvsError EINVAL with a sentence that names the field and the value; a BatchRefusal
 * where it is one of a batch's.
 */
export function parseRequest(line: string): ReceivedRequest {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    refuse('request', 'one line of JSON', line.slice(0, 100));
  }
  const fields = fieldsOf(parsed, 'request');
  const { op } = fields;
  switch (op) {
    case 'info':
    case 'connections':
    case 'timeouts':
    case 'sysctls':
    case 'drops':
      return { op };
    case 'list':
    case 'zero':
      return fields.key === undefined ? { op } : { op, key: serviceKey(fields.key) };
    case 'set-timeouts':
      return { op, timeouts: timeouts(fields.timeouts) };
    case 'set-sysctl':
      return {
        op,
        name: text(fields, 'name', 1, MAX_SYSCTL_NAME),
        value: text(fields, 'value', 0, MAX_SYSCTL_VALUE),
      };
    case 'stop-sync-daemon':
      return { op, role: oneOf(fields, 'role', ['master', 'backup']) };
    case 'batch':
      return { op, requests: batch(fields.requests) };
    case 'sequence':
      return { op, requests: sequence(fields.requests) };
    default:
      return change(fields) ?? refuse('op', 'an operation', op);
  }
}

/** The items of a piece of an array; undefined where it is none. */
function itemsOf(piece: string): readonly unknown[] | undefined {
  try {
    const items: unknown = JSON.parse(`[${piece}]`);
    return Array.isArray(items) ? items : undefined;
  } catch {
    return undefined;
  }
}

/**
 * As parseRequest(), in steps of some milliseconds for a batch as ControlClient writes it.
 *
 * It is cut between two changes. Where the cut may be wrong, because what looks like it is in a change, a piece is no
 * JSON and the line is read at once: for pieces that all are, nothing else could have been meant.
 */
export function* parsingLong(line: string): Generator<void, ReceivedRequest> {
  if (!line.startsWith(LONG_BEGINNING) || !line.endsWith(LONG_END)) return parseRequest(line);
  const requests: Change[] = [];
  const end = line.length - LONG_END.length;
  for (let from = LONG_BEGINNING.length; from < end; ) {
    const cut = line.indexOf(BETWEEN_CHANGES, from + PIECE_CHARACTERS);
    const to = cut < 0 ? end : cut + 1;
    const items = itemsOf(line.slice(from, to));
    if (items === undefined || requests.length + items.length > MAX_BATCH_CHANGES) return parseRequest(line);
    for (const item of items) requests.push(batched(item, requests.length));
    from = to + 1;
    yield;
  }
  return { op: 'batch', requests };
}
