/**
 * The corpus as a text file, for the native test that feeds each packet to a worker: a line a packet with the counter that it
 * moves (`+` before it: after the packet before, in the same worker), its bytes in hexadecimal (`-` for none), and its name.
 *
 *   node dist/test/e2e/support/corpus-file.js     writes the file anew, after a change of the corpus
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { corpus } from './corpus.js';
import type { Fate } from './corpus-draft.js';
import { MALFORMED_PACKETS } from './malformed-packets.js';

/** In the source tree, when TypeScript goes to dist. */
export const CORPUS_FILE = fileURLToPath(
  new URL('../../../../test/native/engine/corpus.txt', import.meta.url),
);

/** Names of native/core/counters.h. */
function counterOf(fate: Fate): string {
  switch (fate) {
    case 'begins':
      return 'upcalls';
    case 'answered':
      return 'answered_packets';
    case 'kept':
      return 'fragments_kept';
    default:
      return `drop_${fate}`;
  }
}

export function corpusText(): string {
  const all = [
    ...corpus(),
    ...MALFORMED_PACKETS.map((packet) => ({ ...packet, group: 'by hand', isSequel: false })),
  ];
  return all
    .map(({ fate, isSequel, packet, group, family, name }) => {
      const counter = `${isSequel ? '+' : ''}${counterOf(fate)}`;
      return `${counter} ${packet.toString('hex') || '-'} ${group}, IPv${family}: ${name}\n`;
    })
    .join('');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(CORPUS_FILE, corpusText());
