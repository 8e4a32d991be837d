import { test } from 'node:test';
import { replay, type Transcript } from './transcript.js';

/** Observed on kernel IPVS with real connections. */
const TRANSCRIPTS: Readonly<Record<string, Transcript>> = {
  'sed takes the fewest active connections for the weight, counting the one to come': [
    'service sed',
    'add 1 weight 1',
    'add 2 weight 2',
    'add 3 weight 4',
    'choose 3 3 2 3 3 2 1 3 3 2 3 3 2 1',
    'edit 3 weight 1',
    'choose 2 2 1 2',
    'close 1-3',
    'choose 2 2 1 2 2 1',
    'edit 1 weight 0',
    'choose 2 2 2 3',
    'edit 1 weight 30',
    'edit 2 weight 30 upper 9',
    'choose 1 1 1 1 1 1 1 1 2 1 1 1',
    'delete 3',
    'choose 1 1 1 1',
    'scheduler nq',
    'choose 1 1 1',
  ],
};

for (const [name, transcript] of Object.entries(TRANSCRIPTS)) {
  test(name, () => replay(transcript));
}
