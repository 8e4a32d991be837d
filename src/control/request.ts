/**
 * Turns a line from the control socket into a Request. The socket's peers are trusted with commands, not with
 * correctness: every field is checked here, so that nothing behind sees a wrong type or a number out of range.
 */
import { UipvsError } from '../base/error.js';
import type { Timeouts } from '../ipvs/listing.js';
import type {
  DestinationKey,
  DestinationSpec,
  ForwardingMethod,
  Persistence,
  ServiceKey,
  ServiceSpec,
} from '../ipvs/specification.js';
import { canonicalAddress, familyOf } from '../net/address.js';
import type { Request } from './protocol.js';

type Fields = Readonly<Record<string, unknown>>;

const MAX_INT32 = 0x7fffffff;
const MAX_UINT32 = 0xffffffff;
const MAX_NAME_LENGTH = 16;
const MAX_PERSISTENCE_SECONDS = 2_678_400;
const FORWARDING: readonly ForwardingMethod[] = ['masquerading', 'local', 'tunneling', 'direct-routing'];
const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;

function refuse(name: string, expected: string, value: unknown): never {
  const shown = JSON.stringify(value)?.slice(0, 80) ?? 'nothing';
  throw new UipvsError('EINVAL', `Expected ${expected} for ${name} but received ${shown}`);
}

function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(name, 'an object', value);
  return value as Fields;
}

function integer(fields: Fields, name: string, least: number, most: number): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
    refuse(name, `an integer from ${least} to ${most}`, value);
  }
  return value;
}

function oneOf<Choice extends string>(fields: Fields, name: string, choices: readonly Choice[]): Choice {
  const found = choices.find((choice) => choice === fields[name]);
  return found ?? refuse(name, `one of ${choices.join(', ')}`, fields[name]);
}

function address(fields: Fields): string {
  const value = fields.address;
  if (typeof value !== 'string' || value.length > 64) refuse('address', 'an IP address', value);
  return canonicalAddress(value);
}

function name(fields: Fields, field: string): string {
  const value = fields[field];
  if (typeof value !== 'string' || value.length === 0 || value.length > MAX_NAME_LENGTH) {
    refuse(field, `a name of 1 to ${MAX_NAME_LENGTH} characters`, value);
  }
  return value;
}

function serviceKey(value: unknown): ServiceKey {
  const fields = fieldsOf(value, 'key');
  if (oneOf(fields, 'kind', ['address', 'fwmark']) === 'fwmark') {
    return {
      kind: 'fwmark',
      mark: integer(fields, 'mark', 1, MAX_UINT32),
      family: integer(fields, 'family', 4, 6) === 6 ? 6 : 4,
    };
  }
  return {
    kind: 'address',
    protocol: oneOf(fields, 'protocol', PROTOCOLS),
    address: address(fields),
    port: integer(fields, 'port', 0, 65535),
  };
}

function persistence(value: unknown, key: ServiceKey): Persistence | null {
  if (value === null) return null;
  const fields = fieldsOf(value, 'persistence');
  const isIpv6 = (key.kind === 'fwmark' ? key.family : familyOf(key.address)) === 6;
  return {
    timeoutSeconds: integer(fields, 'timeoutSeconds', 1, MAX_PERSISTENCE_SECONDS),
    prefixLength: integer(fields, 'prefixLength', 0, isIpv6 ? 128 : 32),
  };
}

function serviceSpec(value: unknown): ServiceSpec {
  const fields = fieldsOf(value, 'service');
  const key = serviceKey(fields.key);
  if (typeof fields.isOnePacket !== 'boolean') refuse('isOnePacket', 'true or false', fields.isOnePacket);
  return {
    key,
    scheduler: name(fields, 'scheduler'),
    schedulerFlags: integer(fields, 'schedulerFlags', 0, 0x38),
    isOnePacket: fields.isOnePacket,
    persistence: persistence(fields.persistence, key),
    persistenceEngine: fields.persistenceEngine === null ? null : name(fields, 'persistenceEngine'),
  };
}

function destinationKey(value: unknown): DestinationKey {
  const fields = fieldsOf(value, 'destination');
  return { address: address(fields), port: integer(fields, 'port', 0, 65535) };
}

function destinationSpec(value: unknown): DestinationSpec {
  const fields = fieldsOf(value, 'destination');
  return {
    ...destinationKey(value),
    forwarding: oneOf(fields, 'forwarding', FORWARDING),
    // Negative weights come through: the model refuses them with the kernel's ERANGE.
    weight: integer(fields, 'weight', -MAX_INT32 - 1, MAX_INT32),
    upperThreshold: integer(fields, 'upperThreshold', 0, MAX_UINT32),
    lowerThreshold: integer(fields, 'lowerThreshold', 0, MAX_UINT32),
  };
}

function timeouts(value: unknown): Timeouts {
  const fields = fieldsOf(value, 'timeouts');
  const seconds = (field: string): number => integer(fields, field, 0, MAX_INT32);
  return { tcp: seconds('tcp'), tcpFin: seconds('tcpFin'), udp: seconds('udp') };
}

/** The request on one line. Throws UipvsError EINVAL with a sentence that names the field and the value. */
export function parseRequest(line: string): Request {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    refuse('request', 'one line of JSON', line);
  }
  const fields = fieldsOf(parsed, 'request');
  const op = fields.op;
  switch (op) {
    case 'info':
    case 'connections':
    case 'timeouts':
    case 'flush':
      return { op };
    case 'list':
    case 'zero':
      return fields.key === undefined ? { op } : { op, key: serviceKey(fields.key) };
    case 'set-timeouts':
      return { op, timeouts: timeouts(fields.timeouts) };
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
      return refuse('op', 'an operation', op);
  }
}
