/** Reads the native connection table piece by piece. */
import type { ConnectionListing } from '../ipvs/listing.js';
import { formatAddressWords } from '../net/address.js';
import type { Family } from '../net/family.js';
import type { NativeEngine } from './addon.js';
import {
  CALL_ID_BYTES,
  type ConnectionRows,
  callIdOf,
  protocolNameOf,
  ROW,
  ROW_WORDS,
  secondsOf,
  stateNameOf,
} from './connection-rows.js';

/** Implementation: less than a millisecond's work, with its text. */
export const CONNECTIONS_PER_PIECE = 256;

export class ConnectionReader {
  readonly #native: Pick<NativeEngine, 'listConnections'>;

  constructor(native: Pick<NativeEngine, 'listConnections'>) {
    this.#native = native;
  }

  /** Of up to `perPiece` connections each; such as have expired may be among them. */
  *rows(perPiece: number): Generator<ConnectionRows> {
    const words = new Uint32Array(perPiece * ROW_WORDS);
    const callIds = new Uint8Array(perPiece * CALL_ID_BYTES);
    let cursor = 0;
    do {
      const [next, count] = this.#native.listConnections(cursor, words, callIds);
      yield { count, words, callIds };
      cursor = next;
    } while (cursor !== 0);
  }

  /** Of up to `perPiece` connections each. */
  *pieces(perPiece: number): Generator<readonly ConnectionListing[]> {
    for (const rows of this.rows(perPiece)) {
      const piece: ConnectionListing[] = [];
      for (let index = 0; index < rows.count; index += 1) {
        const listed = read(rows.words.subarray(index * ROW_WORDS, (index + 1) * ROW_WORDS));
        if (listed.expiresSeconds < 0) continue;
        const callId = callIdOf(rows, index);
        piece.push(callId === '' ? listed : { ...listed, persistenceEngine: 'sip', persistenceData: callId });
      }
      yield piece;
    }
  }
}

function read(words: Uint32Array): ConnectionListing {
  const word = (index: number): number => words[index] ?? 0;
  const family: Family = word(ROW.family) === 6 ? 6 : 4;
  const protocol = word(ROW.protocol);
  return {
    protocol: protocolNameOf(protocol),
    state: stateNameOf(protocol, word(ROW.stateAndFlags)),
    expiresSeconds: secondsOf(word(ROW.expiresTicks)),
    clientPort: word(ROW.clientPort),
    virtualPort: word(ROW.virtualPort),
    realPort: word(ROW.realPort),
    clientAddress: formatAddressWords(words, ROW.clientAddress, family),
    virtualAddress: formatAddressWords(words, ROW.virtualAddress, family),
    realAddress: formatAddressWords(words, ROW.realAddress, family),
  };
}
