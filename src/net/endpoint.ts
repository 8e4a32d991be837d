/** Address and port in one text: `10.0.0.1:80`, `[fd00::1]:80`. */
import { quoted, UipvsError } from '../base/error.js';
import { canonicalAddress } from './address.js';

export interface Endpoint {
  /** Canonical text. */
  readonly address: string;
  /** 0..65535, host order. */
  readonly port: number;
}

/** The text of an endpoint; an IPv6 address stands in brackets. `address` must be canonical already. */
export function formatEndpoint(address: string, port: number | string): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * Parses `a.b.c.d:port` or `[v6]:port`; the address comes back in canonical form.
 * Throws EINVAL where the form, the address or the port (0..65535, plain decimal) is wrong.
 */
export function parseEndpoint(text: string): Endpoint {
  const match = /^(?:\[([^\]]*:[^\]]*)\]|([^:[\]]*)):(0|[1-9]\d{0,4})$/.exec(text);
  const address = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (address === undefined || port > 65535) {
    throw new UipvsError('EINVAL', `Expected address:port or [address]:port but received ${quoted(text)}`);
  }
  return { address: canonicalAddress(address), port };
}
