/** Reads the native connection table piece by piece. */
import { connectionStateName, templateStateName } from '../ipvs/connection-state.js';
import type { ConnectionListing } from '../ipvs/listing.js';
import { formatAddressWords } from '../net/address.js';
import type { Family } from '../net/family.js';
import type { NativeEngine } from './addon.js';

const WORDS_PER_CONNECTION = 20;
/** A length and a text. */
const BYTES_PER_CALL_ID = 256;
/** Implementation: less than a millisecond's work, with its text. */
export const CONNECTIONS_PER_PIECE = 256;
const TICKS_PER_SECOND = 64;
/** Source: net/netfilter/ipvs/ip_vs_core.c, ip_vs_proto_name. */
const PROTOCOL_NAMES: Readonly<Record<number, string>> = { 0: 'IP', 6: 'TCP', 17: 'UDP', 132: 'SCTP' };
/** Source: linux/ip_vs.h, IP_VS_CONN_F_TEMPLATE. */
const TEMPLATE_FLAG = 0x1000;

export class ConnectionReader {
  readonly #native: Pick<NativeEngine, 'listConnections'>;

  constructor(native: Pick<NativeEngine, 'listConnections'>) {
    this.#native = native;
  }

  /** Of up to `perPiece` connections each. */
  *pieces(perPiece: number): Generator<readonly ConnectionListing[]> {
    const words = new Uint32Array(perPiece * WORDS_PER_CONNECTION);
    const callIds = new Uint8Array(perPiece * BYTES_PER_CALL_ID);
    let cursor = 0;
    do {
      const [next, count] = this.#native.listConnections(cursor, words, callIds);
      const piece: ConnectionListing[] = [];
      for (let index = 0; index < count; index += 1) {
        const at = index * WORDS_PER_CONNECTION;
        const listed = read(words.subarray(at, at + WORDS_PER_CONNECTION));
        if (listed.expiresSeconds < 0) continue;
        const callId = readCallId(callIds, index * BYTES_PER_CALL_ID);
        piece.push(callId === '' ? listed : { ...listed, persistenceEngine: 'sip', persistenceData: callId });
      }
      yield piece;
      cursor = next;
    } while (cursor !== 0);
  }
}

/** Letters beyond ASCII are of ISO 8859-1: native/core/sip.h. */
function readCallId(callIds: Uint8Array, at: number): string {
  const bytes = callIds[at] ?? 0;
  if (bytes === 0) return '';
  return Buffer.from(callIds.subarray(at + 1, at + 1 + bytes)).toString('latin1');
}

function read(words: Uint32Array): ConnectionListing {
  const word = (index: number): number => words[index] ?? 0;
  const family: Family = word(0) === 6 ? 6 : 4;
  const protocol = word(1);
  const state = word(2) & 0xffff;
  const isTemplate = ((word(2) >>> 16) & TEMPLATE_FLAG) !== 0;
  return {
    protocol: PROTOCOL_NAMES[protocol] ?? `IP_${protocol}`,
    state: isTemplate ? templateStateName(state) : connectionStateName(protocol, state),
    // Expired ones that the clock hand has not reached yet come out negative.
    expiresSeconds: Math.floor((word(3) | 0) / TICKS_PER_SECOND),
    clientPort: word(4),
    virtualPort: word(5),
    realPort: word(6),
    clientAddress: formatAddressWords(words, 8, family),
    virtualAddress: formatAddressWords(words, 12, family),
    realAddress: formatAddressWords(words, 16, family),
  };
}
