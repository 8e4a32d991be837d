/**
 * Theory of operation: hundreds of packets made by rule, to add to the hand-written ones of malformed-packets.ts. Each
 * has a source port of its own, so that what is seen at a real server can be traced back to the packet that it came of,
 * and says what becomes of it: only a packet that begins a connection arrives there. A packet without ports has a port of
 * its own all the same, and packets that belong together have the same one.
 */
import type { Draft, Fate } from './corpus-draft.js';
import { cuts, extensions, fragments, headers, lies, options } from './corpus-network.js';
import { live, overlaps } from './corpus-sequels.js';
import { garbage, icmp, sources, transports } from './corpus-transport.js';

const FIRST_CORPUS_PORT = 10_000;

export interface CorpusPacket {
  readonly name: string;
  readonly group: string;
  readonly family: 4 | 6;
  readonly packet: Buffer;
  readonly port: number;
  readonly fate: Fate;
  readonly isSequel: boolean;
}

const GROUPS: Readonly<Record<string, () => readonly Draft[]>> = {
  cuts,
  lies,
  headers,
  transports,
  sources,
  fragments,
  icmp,
  options,
  extensions,
  garbage,
  overlaps,
  live,
};

/** All of them, always the same. */
export function corpus(): CorpusPacket[] {
  let port = FIRST_CORPUS_PORT - 1;
  return Object.entries(GROUPS).flatMap(([group, rule]) =>
    rule().map(({ name, family, fate, isSequel = false, make }) => {
      if (!isSequel) port += 1;
      return { name, group, family, packet: make(port), port, fate, isSequel };
    }),
  );
}
