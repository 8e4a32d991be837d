import { test } from 'node:test';
import { replay, type Transcript } from './transcript.js';

/** Observed on kernel IPVS with real connections. */
const TRANSCRIPTS: Readonly<Record<string, Transcript>> = {
  'fo takes the greatest weight, the newest among equals, and leaves it only when it must': [
    'service fo at 10.9.0.3',
    'add 1 weight 1',
    'add 2 weight 3',
    'add 3 weight 3',
    'choose 3 3 3 3 3',
    'edit 3 weight 2',
    'choose 2 2',
    'edit 2 weight 0',
    'choose 3 3',
    'edit 3 weight 2 upper 1',
    'choose 3 1 1 1',
    'edit 1 weight 0',
    'choose - -',
    'edit 2 weight 1',
    'choose 2 2',
    'delete 2',
    'choose -',
    'add 2 weight 1',
    'choose 2',
    'close 8',
    'choose 2 2',
  ],
};

for (const [name, transcript] of Object.entries(TRANSCRIPTS)) {
  test(name, () => replay(transcript));
}
