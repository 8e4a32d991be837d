/** What a service can have that ipvsadm has no option for: how it is said, listed and saved. */
import { canonicalCidr, parseCidr } from '../ipvs/cidr.js';
import {
  type ClientAddressMethod,
  MAX_MASQUERADE_EXCEPTIONS,
  type Masquerade,
  type ServiceSpec,
} from '../ipvs/specification.js';
import { tryAddressWords } from '../net/address.js';
import { usageError } from './command-line-error.js';

type OwnOptions = Pick<ServiceSpec, 'masquerade' | 'clientAddress'>;

/**
 * The value of `--masquerade` and, where it is `except`, the list in the word behind it, else undefined. Throws a usage
 * error.
 */
export function parseMasquerade(value: string, list: string | undefined): Masquerade {
  if (value === 'all') return { except: [] };
  if (value !== 'except' || list === undefined) {
    const received = value === 'except' ? 'except alone' : `'${value}'`;
    throw usageError(`Expected all or except CIDR[,CIDR...] for --masquerade but received ${received}`);
  }
  const except = [...new Set(list.split(',').map(parseException))];
  if (except.length > MAX_MASQUERADE_EXCEPTIONS) {
    throw usageError(
      `Expected at most ${MAX_MASQUERADE_EXCEPTIONS} CIDRs for --masquerade except but received ${except.length}`,
    );
  }
  return { except };
}

function parseException(text: string): string {
  try {
    return canonicalCidr(text);
  } catch {
    throw usageError(`Expected a CIDR like 10.0.0.0/8 for --masquerade except but received '${text}'`);
  }
}

/** Throws a usage error. */
export function parseClientAddress(value: string): ClientAddressMethod {
  if (value === 'toa' || value === 'proxy') return value;
  throw usageError(`Expected toa or proxy for --client-address but received '${value}'`);
}

/** Throws a usage error where the service cannot have the options. */
export function checkOwnOptions({ key, masquerade, clientAddress }: ServiceSpec): void {
  const family = key.kind === 'fwmark' ? key.family : tryAddressWords(key.address)?.length === 1 ? 4 : 6;
  const foreign = masquerade?.except.find((cidr) => parseCidr(cidr).family !== family);
  if (foreign !== undefined) {
    throw usageError(`--masquerade except ${foreign} is of another address family than the virtual service`);
  }
  if (clientAddress !== null && key.kind === 'address' && key.protocol !== 'tcp') {
    throw usageError('--client-address is only for TCP virtual services');
  }
}

/** The flags of a listing, each with a blank in front; empty where the service has none of ours. */
export function formatOwnFlags({ masquerade, clientAddress }: OwnOptions): string {
  let text = '';
  if (masquerade !== null) text += ' masquerade';
  if (masquerade !== null && masquerade.except.length > 0) text += ` except ${masquerade.except.join(',')}`;
  return clientAddress === null ? text : `${text} client-address ${clientAddress}`;
}

/** The options that make the service so again, each with a blank in front. */
export function formatOwnOptions({ masquerade, clientAddress }: OwnOptions): string {
  let text = '';
  if (masquerade !== null) {
    const { except } = masquerade;
    text += ` --masquerade ${except.length === 0 ? 'all' : `except ${except.join(',')}`}`;
  }
  return clientAddress === null ? text : `${text} --client-address ${clientAddress}`;
}
