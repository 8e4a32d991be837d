import { UipvsError } from '../base/error.js';
import { type Endpoint, parseEndpoint } from '../net/endpoint.js';

/**
 * Where to listen: `127.0.0.1:9100`, `[::1]:9100`, `0.0.0.0:9100`; the address comes back in canonical form.
 * Throws EINVAL where the form, the address or the port (1..65535) is wrong.
 */
export function parseListenAddress(text: string): Endpoint {
  const endpoint = tryEndpoint(text);
  if (endpoint !== undefined && endpoint.port > 0) return endpoint;
  throw new UipvsError(
    'EINVAL',
    `Expected ADDRESS:PORT or [IPv6 address]:PORT, with a port from 1 to 65535, to listen on but received '${text}'`,
  );
}

function tryEndpoint(text: string): Endpoint | undefined {
  try {
    return parseEndpoint(text);
  } catch {
    return undefined;
  }
}
