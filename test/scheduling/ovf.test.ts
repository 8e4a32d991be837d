import { test } from 'node:test';
import { replay, type Transcript } from './transcript.js';

/** Observed on kernel IPVS with real connections. */
const TRANSCRIPTS: Readonly<Record<string, Transcript>> = {
  'ovf fills each destination to one more than its weight, the heaviest first, and then refuses': [
    'service ovf at 10.9.0.4',
    'add 1 weight 2',
    'add 2 weight 3',
    'add 3 weight 3',
    'choose 3 3 3 3 2 2 2 2 1 1 1 -',
    'close 1',
    'choose 3 -',
    'close 2-4',
    'choose 3 3 3 - -',
    'edit 1 weight 4',
    'choose 1 1 -',
    'edit 2 weight 9 upper 7',
    'choose 2 2 2 - - -',
    'edit 3 weight 0',
    'choose - -',
    'edit 3 weight 20',
    'choose 3 3 3',
    'scheduler fo',
    'choose 3 3',
    'scheduler ovf',
    'choose 3 3',
    'delete 3',
    'choose - - - - - -',
  ],
};

for (const [name, transcript] of Object.entries(TRANSCRIPTS)) {
  test(name, () => replay(transcript));
}
