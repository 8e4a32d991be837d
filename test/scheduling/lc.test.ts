import { test } from 'node:test';
import { replay, type Transcript } from './transcript.js';

/** Observed on kernel IPVS with real connections. */
const TRANSCRIPTS: Readonly<Record<string, Transcript>> = {
  'lc takes the least loaded, the newest among equals, and knows no weights': [
    'service lc',
    'add 1 weight 1',
    'add 2 weight 1',
    'add 3 weight 1',
    'choose 3 2 1 3',
    'edit 3 weight 0',
    'choose 2 1 2',
    'close 1',
    'choose 1 2',
    'edit 3 weight 1',
    'choose 3 3 1',
    'close 2',
    'close 3',
    'choose 3 2 1 3',
    'add 4 weight 5 upper 2',
    'choose 4 4 2 1',
  ],
};

for (const [name, transcript] of Object.entries(TRANSCRIPTS)) {
  test(name, () => replay(transcript));
}
