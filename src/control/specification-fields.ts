/** Services and destinations as JSON says them. Types and bounds are checked; what the kernel refuses, the model does. */
import { MAX_PERSISTENCE_SECONDS } from '../ipvs/admission.js';
import { canonicalCidr } from '../ipvs/cidr.js';
import {
  type ClientAddressMethod,
  type DestinationKey,
  type DestinationSpec,
  type ForwardingMethod,
  MAX_MASQUERADE_EXCEPTIONS,
  type Masquerade,
  type Persistence,
  type ServiceKey,
  type ServiceSpec,
  type Tunnel,
  type TunnelChecksum,
  type TunnelType,
} from '../ipvs/specification.js';
import { canonicalAddress } from '../net/address.js';
import { type Fields, fieldsOf, integer, oneOf, refuse, text } from './fields.js';

const MAX_INT32 = 0x7fffffff;
const MAX_UINT32 = 0xffffffff;
const MAX_PORT = 65535;
const MAX_NAME_LENGTH = 16;
const MAX_ADDRESS_LENGTH = 64;
const MAX_CIDR_LENGTH = MAX_ADDRESS_LENGTH + 4;
const FORWARDING: readonly ForwardingMethod[] = ['masquerading', 'local', 'tunneling', 'direct-routing'];
const TUNNEL_TYPES: readonly TunnelType[] = ['ipip', 'gue', 'gre'];
const TUNNEL_CHECKSUMS: readonly TunnelChecksum[] = ['none', 'full', 'remote'];
const CLIENT_ADDRESS_METHODS: readonly ClientAddressMethod[] = ['toa', 'proxy'];
const PROTOCOLS = ['tcp', 'udp', 'sctp'] as const;

function address(fields: Fields): string {
  return canonicalAddress(text(fields, 'address', 1, MAX_ADDRESS_LENGTH));
}

/** Throws UipvsError EINVAL, as do all of these. */
export function serviceKey(value: unknown): ServiceKey {
  const fields = fieldsOf(value, 'key');
  if (oneOf(fields, 'kind', ['address', 'fwmark']) === 'fwmark') {
    const family = integer(fields, 'family', 4, 6);
    if (family === 5) refuse('family', '4 or 6', family);
    return { kind: 'fwmark', mark: integer(fields, 'mark', 1, MAX_UINT32), family: family === 6 ? 6 : 4 };
  }
  return {
    kind: 'address',
    protocol: oneOf(fields, 'protocol', PROTOCOLS),
    address: address(fields),
    port: integer(fields, 'port', 0, MAX_PORT),
  };
}

function persistence(value: unknown): Persistence | null {
  if (value === null) return null;
  const fields = fieldsOf(value, 'persistence');
  return {
    timeoutSeconds: integer(fields, 'timeoutSeconds', 1, MAX_PERSISTENCE_SECONDS),
    // What an IPv6 netmask may be is for the model to say: a service that exists is refused before.
    netmask: integer(fields, 'netmask', 0, MAX_UINT32),
  };
}

/** Absent is null, here and for `clientAddress`: clients of kernel IPVS's options alone do not know them. */
function masquerade(value: unknown): Masquerade | null {
  if (value === undefined || value === null) return null;
  const { except } = fieldsOf(value, 'masquerade');
  if (!Array.isArray(except) || except.length > MAX_MASQUERADE_EXCEPTIONS) {
    refuse('except', `an array of at most ${MAX_MASQUERADE_EXCEPTIONS} CIDRs`, except);
  }
  return {
    except: except.map((cidr: unknown) =>
      canonicalCidr(text({ except: cidr }, 'except', 1, MAX_CIDR_LENGTH)),
    ),
  };
}

function clientAddress(fields: Fields): ClientAddressMethod | null {
  if (fields.clientAddress === undefined || fields.clientAddress === null) return null;
  return oneOf(fields, 'clientAddress', CLIENT_ADDRESS_METHODS);
}

export function serviceSpec(value: unknown): ServiceSpec {
  const fields = fieldsOf(value, 'service');
  if (typeof fields.isOnePacket !== 'boolean') refuse('isOnePacket', 'true or false', fields.isOnePacket);
  return {
    key: serviceKey(fields.key),
    scheduler: text(fields, 'scheduler', 1, MAX_NAME_LENGTH),
    schedulerFlags: integer(fields, 'schedulerFlags', 0, 0x38),
    isOnePacket: fields.isOnePacket,
    persistence: persistence(fields.persistence),
    persistenceEngine:
      fields.persistenceEngine === null ? null : text(fields, 'persistenceEngine', 1, MAX_NAME_LENGTH),
    masquerade: masquerade(fields.masquerade),
    clientAddress: clientAddress(fields),
  };
}

export function destinationKey(value: unknown): DestinationKey {
  const fields = fieldsOf(value, 'destination');
  return { address: address(fields), port: integer(fields, 'port', 0, MAX_PORT) };
}

function tunnel(value: unknown, forwarding: ForwardingMethod): Tunnel | null {
  if (forwarding !== 'tunneling')
    return value === null ? null : refuse('tunnel', `null for ${forwarding}`, value);
  const fields = fieldsOf(value, 'tunnel');
  const type = oneOf(fields, 'type', TUNNEL_TYPES);
  return {
    type,
    port: integer(fields, 'port', 0, type === 'gue' ? MAX_PORT : 0),
    checksum: oneOf(fields, 'checksum', TUNNEL_CHECKSUMS),
  };
}

export function destinationSpec(value: unknown): DestinationSpec {
  const fields = fieldsOf(value, 'destination');
  const forwarding = oneOf(fields, 'forwarding', FORWARDING);
  // Written out: of an object made by spreading another, V8 keeps a description of its own, 330 bytes for each.
  return {
    address: address(fields),
    port: integer(fields, 'port', 0, MAX_PORT),
    forwarding,
    tunnel: tunnel(fields.tunnel, forwarding),
    // Negative weights come through: the model refuses them with the kernel's ERANGE.
    weight: integer(fields, 'weight', -MAX_INT32 - 1, MAX_INT32),
    upperThreshold: integer(fields, 'upperThreshold', 0, MAX_UINT32),
    lowerThreshold: integer(fields, 'lowerThreshold', 0, MAX_UINT32),
  };
}
