/** uipvsd's options for full NAT: where masqueraded connections come from. */
import { UipvsError } from '../base/error.js';
import { isRealServerAddress } from '../ipvs/real-server-address.js';
import { canonicalAddress, familyOf } from '../net/address.js';
import { isLoopbackAddress } from '../net/address-class.js';

export interface MasqueradePorts {
  readonly first: number;
  readonly last: number;
}

/** Behind the ports that Linux gives to sockets by default (net.ipv4.ip_local_port_range). */
export const DEFAULT_MASQUERADE_PORTS = '61000-65534';
/** Of a family. Source: native/core/masquerade_addresses.h, kMost. */
const MAX_ADDRESSES = 64;

/** Errors: EINVAL. */
export function parseMasqueradePorts(text = DEFAULT_MASQUERADE_PORTS): MasqueradePorts {
  const [first = 0, last = 0] = (/^(\d+)-(\d+)$/.exec(text) ?? []).slice(1).map(Number);
  if (first >= 1 && first <= last && last <= 65535) return { first, last };
  throw new UipvsError(
    'EINVAL',
    `Expected a range of ports like ${DEFAULT_MASQUERADE_PORTS} for --masquerade-ports but received '${text}'`,
  );
}

/** Addresses of both families in canonical form, in the order given; none where there is no text. Errors: EINVAL. */
export function parseMasqueradeAddresses(text: string | undefined): readonly string[] {
  if (text === undefined) return [];
  const addresses = text.split(',').map(parseAddress);
  const twice = addresses.find((address, index) => addresses.indexOf(address) !== index);
  if (twice !== undefined)
    throw new UipvsError('EINVAL', `--masquerade-addresses names ${twice} more than once`);
  for (const family of [4, 6] as const) {
    const count = addresses.filter((address) => familyOf(address) === family).length;
    if (count > MAX_ADDRESSES)
      throw new UipvsError(
        'EINVAL',
        `Expected at most ${MAX_ADDRESSES} IPv${family} addresses for --masquerade-addresses but received ${count}`,
      );
  }
  return addresses;
}

/** Of a host that is elsewhere, as its real servers see it. */
function parseAddress(text: string): string {
  const what = "Expected a host's address that real servers can answer to for --masquerade-addresses";
  let address: string;
  try {
    address = canonicalAddress(text);
  } catch (cause) {
    throw new UipvsError('EINVAL', `${what} but received '${text}'`, { cause });
  }
  if (isRealServerAddress(address) && !isLoopbackAddress(address)) return address;
  throw new UipvsError('EINVAL', `${what} but received '${text}'`);
}
