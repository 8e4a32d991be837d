import { test } from 'node:test';
import { replay, type Transcript } from './transcript.js';

/** Observed on kernel IPVS with real connections. */
const TRANSCRIPTS: Readonly<Record<string, Transcript>> = {
  'nq takes an idle destination first, whatever its weight, and otherwise as sed': [
    'service nq at 10.9.0.2',
    'add 1 weight 1',
    'add 2 weight 2',
    'add 3 weight 4',
    'choose 3 2 1 3 3 3 2 3 3 2 3 3 2 1',
    'add 4 weight 1',
    'choose 4 4 3 3',
    'edit 2 weight 0',
    'choose 3 4 3 1',
    'close 1-3',
    'choose 3 1 3 3 3 4',
    'edit 2 weight 1 upper 1',
    'choose 3 2 1',
    'edit 2 weight 1 upper 9',
    'close 4-10',
    'choose 3 2 3 3 3 3 2 3',
  ],
};

for (const [name, transcript] of Object.entries(TRANSCRIPTS)) {
  test(name, () => replay(transcript));
}
