/**
 * Turns a line from the control socket into a Request. The socket's peers are trusted with commands, not with
 * correctness: every field is checked here, so that nothing behind sees a wrong type or a number out of range.
 */
import { UipvsError } from '../base/error.js';
import type { Timeouts } from '../ipvs/listing.js';
import { BatchRefusal } from './batch-refusal.js';
import { type Fields, fieldsOf, integer, oneOf, refuse, text } from './fields.js';
import { type Change, MAX_BATCH_CHANGES, type Request } from './protocol.js';
import { destinationKey, destinationSpec, serviceKey, serviceSpec } from './specification-fields.js';

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

function batch(value: unknown): readonly Change[] {
  if (!Array.isArray(value)) refuse('requests', 'an array', value);
  if (value.length > MAX_BATCH_CHANGES) {
    refuse('requests', `an array of at most ${MAX_BATCH_CHANGES}`, value.length);
  }
  return value.map((item: unknown, index) => {
    try {
      const fields = fieldsOf(item, 'request');
      return change(fields) ?? refuse('op', 'an operation that can be part of a batch', fields.op);
    } catch (thrown) {
      if (!(thrown instanceof UipvsError)) throw thrown;
      throw new BatchRefusal(index, thrown);
    }
  });
}

/**
 * The request on one line. Throws UipvsError EINVAL with a sentence that names the field and the value; a BatchRefusal
 * where it is one of a batch's.
 */
export function parseRequest(line: string): Request {
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
    default:
      return change(fields) ?? refuse('op', 'an operation', op);
  }
}
