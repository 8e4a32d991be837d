/** Reads the native connection table piece by piece. */
import { connectionStateName } from '../ipvs/connection-state.js';
import type { ConnectionListing } from '../ipvs/listing.js';
import { formatAddressWords } from '../net/address.js';
import type { Family } from '../net/family.js';
import type { NativeEngine } from './addon.js';

const WORDS_PER_CONNECTION = 20;
const CONNECTIONS_PER_PIECE = 512;
const TICKS_PER_SECOND = 64;
const PROTOCOL_NAMES: Readonly<Record<number, string>> = { 6: 'TCP', 17: 'UDP', 132: 'SCTP' };

export class ConnectionReader {
  readonly #native: Pick<NativeEngine, 'listConnections'>;

  constructor(native: Pick<NativeEngine, 'listConnections'>) {
    this.#native = native;
  }

  *pieces(): Generator<readonly ConnectionListing[]> {
    const words = new Uint32Array(CONNECTIONS_PER_PIECE * WORDS_PER_CONNECTION);
    let cursor = 0;
    do {
      const [next, count] = this.#native.listConnections(cursor, words);
      const piece: ConnectionListing[] = [];
      for (let index = 0; index < count; index += 1) {
        const at = index * WORDS_PER_CONNECTION;
        const listed = read(words.subarray(at, at + WORDS_PER_CONNECTION));
        if (listed.expiresSeconds >= 0) piece.push(listed);
      }
      yield piece;
      cursor = next;
    } while (cursor !== 0);
  }
}

function read(words: Uint32Array): ConnectionListing {
  const word = (index: number): number => words[index] ?? 0;
  const family: Family = word(0) === 6 ? 6 : 4;
  const protocol = word(1);
  return {
    protocol: PROTOCOL_NAMES[protocol] ?? `IP_${protocol}`,
    state: connectionStateName(protocol, word(2)),
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
