import { test } from 'node:test';
import { replay, type Transcript } from './transcript.js';

/** Observed on kernel IPVS with real connections. */
const TRANSCRIPTS: Readonly<Record<string, Transcript>> = {
  'dh goes by the called address, whatever the weights, and refuses where that one is not usable': [
    'mark dh',
    'add 1 weight 1',
    'add 2 weight 1',
    'add 3 weight 1',
    'vips 1-30 -> 1 3 2 1 2 3 3 1 2 1 2 2 3 1 3 1 3 2 3 2 1 2 1 2 1 3 1 3 1 3',
    'edit 2 weight 0',
    'vips 1-30 -> 1 3 - 1 - 3 3 1 - 1 - - 3 1 3 1 3 - 3 - 1 - 1 - 1 3 1 3 1 3',
    'edit 2 weight 9',
    'vips 1-30 -> 1 3 2 1 2 3 3 1 2 1 2 2 3 1 3 1 3 2 3 2 1 2 1 2 1 3 1 3 1 3',
    'delete 2',
    'vips 1-30 -> 3 3 1 1 1 1 3 3 3 3 3 1 1 1 1 1 3 3 3 3 1 1 1 1 1 3 3 3 3 1',
    'add 2 weight 3 upper 3',
    'vips 1-30 -> 1 2 3 1 3 - - 1 3 1 3 3 - 1 - 1 - 3 - 3 1 3 1 3 1 - 1 - 1 -',
    'vips 1-30 -> 1 - 3 1 3 - - 1 3 1 3 3 - 1 - 1 - 3 - 3 1 3 1 3 1 - 1 - 1 -',
    'add 4 weight 1',
    'vips 1-30 -> 4 3 1 - 1 - 3 4 3 4 3 1 - 1 - 1 4 3 4 3 1 - 1 - 1 4 3 4 3 1',
  ],
  'dh gives a single address one destination, which changes with the list': [
    'service dh at 10.9.0.2',
    'add 1 weight 1',
    'add 2 weight 1',
    'choose 2 2 2 2',
    'edit 2 weight 0',
    'choose - -',
    'edit 1 weight 0',
    'edit 2 weight 4',
    'choose 2 2',
    'add 3 weight 1',
    'choose 3 3',
    'add 4 weight 1',
    'choose 2 2',
    'delete 1',
    'choose 4 4',
  ],
  'dh folds an IPv6 address': [
    'service dh at fd09::3',
    'add 1 weight 1',
    'add 2 weight 1',
    'add 3 weight 1',
    'choose 1 1 1',
    'delete 2',
    'choose 3 3 3',
  ],
};

for (const [name, transcript] of Object.entries(TRANSCRIPTS)) {
  test(name, () => replay(transcript));
}
