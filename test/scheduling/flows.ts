import type { FiveTuple } from '../../src/ipvs/scheduler.js';
import { addressWords } from '../../src/net/address.js';

/** A TCP flow from `client` to `vip`, port 80. */
export function tcpFlow(client: string, sourcePort: number, vip = '10.9.0.1'): FiveTuple {
  const sourceWords = addressWords(client);
  return {
    family: sourceWords.length === 1 ? 4 : 6,
    protocol: 6,
    sourceWords,
    destinationWords: addressWords(vip),
    sourcePort,
    destinationPort: 80,
  };
}

/** Flows of many clients to many addresses. */
export const MANY_FLOWS: readonly FiveTuple[] = Array.from({ length: 64 }, (_, index) =>
  tcpFlow(`10.0.${index}.${(index * 7) % 256}`, 40000 + index, `10.9.${index}.1`),
);
