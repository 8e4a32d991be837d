/**
 * What a packet without a socket says: TCP flags, a datagram (of SIP or one byte), SCTP chunks, bytes of IPsec, or an
 * ICMP error about a packet that its target sent.
 */
import { UipvsError } from '../../src/base/error.js';

export type Content =
  | { readonly protocol: 'tcp'; readonly flags: number }
  /** `isUnsummed`: with 0, which is none, as its checksum. */
  | { readonly protocol: 'udp'; readonly payload: string; readonly isUnsummed?: boolean }
  | { readonly protocol: 'sctp'; readonly chunkTypes: readonly number[] }
  | { readonly protocol: 'ah' }
  | { readonly protocol: 'esp' }
  | { readonly protocol: 'icmp'; readonly quoted: Content };

/** Source: RFC 9293 section 3.1. */
const TCP_FLAGS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    none: 0,
    fin: 0x01,
    syn: 0x02,
    rst: 0x04,
    psh: 0x08,
    ack: 0x10,
  }),
);

/** Source: RFC 9260 section 3.2; the numbers of ecne and cwr are reserved there, in appendix A. */
const SCTP_CHUNKS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    data: 0,
    init: 1,
    'init-ack': 2,
    sack: 3,
    heartbeat: 4,
    'heartbeat-ack': 5,
    abort: 6,
    shutdown: 7,
    'shutdown-ack': 8,
    error: 9,
    'cookie-echo': 10,
    'cookie-ack': 11,
    ecne: 12,
    cwr: 13,
    'shutdown-complete': 14,
  }),
);

/** The content of a comma-separated list of names, of `udp`, `udp-unsummed`, `sip:CALL-ID`, `ah`, `esp`, or `error:` and any of these. Throws EINVAL naming what is no such list. */
export function contentOf(text: string): Content {
  if (text === 'udp') return { protocol: 'udp', payload: '?' };
  if (text === 'udp-unsummed') return { protocol: 'udp', payload: '?', isUnsummed: true };
  const [, callId] = /^sip:(.*)$/.exec(text) ?? [];
  if (callId !== undefined) {
    return { protocol: 'udp', payload: `OPTIONS sip:a SIP/2.0\r\nCall-ID: ${callId}\r\n\r\n` };
  }
  if (text === 'ah') return { protocol: 'ah' };
  if (text === 'esp') return { protocol: 'esp' };
  const [, quoted] = /^error:(.*)$/.exec(text) ?? [];
  if (quoted !== undefined) return { protocol: 'icmp', quoted: contentOf(quoted) };
  const names = text.split(',');
  const flags = names.flatMap((name) => TCP_FLAGS.get(name) ?? []);
  if (flags.length === names.length) {
    return { protocol: 'tcp', flags: flags.reduce((sum, flag) => sum | flag, 0) };
  }
  const chunkTypes = names.flatMap((name) => SCTP_CHUNKS.get(name) ?? []);
  if (chunkTypes.length === names.length) return { protocol: 'sctp', chunkTypes };
  throw new UipvsError(
    'EINVAL',
    `Expected TCP flags, 'udp', 'udp-unsummed', 'sip:CALL-ID', 'ah', 'esp', 'error:' or SCTP chunks but received '${text}'`,
  );
}
