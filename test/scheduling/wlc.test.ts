import { test } from 'node:test';
import { replay, type Transcript } from './transcript.js';

/** Observed on kernel IPVS with real connections. */
const TRANSCRIPTS: Readonly<Record<string, Transcript>> = {
  'wlc takes the least loaded for its weight, the newest among equals': [
    'service wlc',
    'add 1 weight 1',
    'add 2 weight 2',
    'add 3 weight 3',
    'choose 3 2 1 3 2 3 3 2',
    'close 2',
    'close 3',
    'choose 1 2 1 3',
    'edit 1 weight 10',
    'choose 1 1 1 1 1 1',
    'edit 1 weight 0',
    'edit 2 weight 65535 upper 6',
    'edit 3 weight 65534',
    'choose 2 2 3 3 3 3',
  ],
};

for (const [name, transcript] of Object.entries(TRANSCRIPTS)) {
  test(name, () => replay(transcript));
}
