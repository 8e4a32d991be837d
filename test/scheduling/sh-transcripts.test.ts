import { test } from 'node:test';
import { replay, type Transcript } from './transcript.js';

/** Observed on kernel IPVS with real connections. */
const TRANSCRIPTS: Readonly<Record<string, Transcript>> = {
  'sh goes by the client, keeps a slot for a quiesced destination, and looks further with sh-fallback': [
    'service sh',
    'add 1 weight 1',
    'add 2 weight 2',
    'add 3 weight 1',
    'clients 2-40 port 21001 -> 2 1 2 2 3 2 3 2 1 2 1 2 2 3 2 3 2 1 2 1 2 1 3 2 3 2 1 2 1 2 1 3 2 3 2 1 2 1 2',
    'edit 2 weight 0',
    'clients 2-40 port 21002 -> 1 - 1 3 - 3 1 3 - 3 - 3 3 1 - 1 - - 3 1 3 1 3 - 3 - 1 - 1 - 3 3 1 3 1 3 - 3 -',
    'scheduler sh with sh-fallback',
    'clients 2-40 port 21003 -> 1 1 1 3 1 3 1 3 1 3 1 3 3 1 1 1 1 1 3 1 3 1 3 1 3 1 1 1 1 1 3 3 1 3 1 3 1 3 1',
    'edit 3 weight 0',
    'clients 2-40 port 21004 -> 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1',
    'edit 1 weight 0',
    'clients 2-10 port 21005 -> - - - - - - - - -',
    'edit 2 weight 5',
    'clients 2-20 port 21006 -> 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2',
    'edit 1 weight 3',
    'edit 3 weight 2',
    'delete 1',
    'clients 2-40 port 21007 -> 2 2 3 2 2 2 2 2 2 2 3 3 2 2 2 2 2 3 3 3 2 2 2 2 2 3 3 3 2 2 2 2 2 3 3 3 2 2 2',
    'add 1 weight 3',
    'clients 2-40 port 21008 -> 2 2 2 3 2 3 1 3 1 2 1 2 1 2 2 2 2 2 2 3 2 3 1 1 1 1 2 2 2 2 2 2 3 2 3 1 3 1 3',
  ],
  'sh passes over overloaded destinations with sh-fallback, and sees changed flags at once': [
    'service sh at 10.9.0.2',
    'add 1 weight 1 upper 6',
    'add 2 weight 1',
    'add 3 weight 1 upper 6',
    'clients 2-40 port 22001 -> 1 2 1 3 2 3 1 3 2 3 2 3 3 1 2 1 2 2 - 1 - - - 2 - 2 - 2 - 2 - - - - - - 2 - 2',
    'scheduler sh with sh-fallback',
    'clients 2-40 port 22002 -> 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2',
    'scheduler sh with sh-fallback,sh-port',
    'ports 22100-22140 client 10.0.0.7 -> 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2',
    'edit 3 weight 1',
    'ports 22200-22240 client 10.0.0.7 -> 2 2 3 2 3 3 2 2 2 3 3 3 3 2 2 3 2 3 2 2 2 2 3 3 3 3 3 2 3 2 3 3 2 2 2 2 3 3 3 2 2',
    'edit 1 weight 7',
    'scheduler sh with sh-port',
    'ports 22300-22340 client 10.0.0.8 -> 3 1 1 1 1 1 1 1 1 3 1 1 1 2 1 1 1 1 1 1 1 1 2 1 1 1 2 1 1 1 1 1 1 1 1 2 3 1 1 2 3',
  ],
  'sh folds an IPv6 client and counts its port with sh-port': [
    'service sh at fd09::3',
    'add 1 weight 1',
    'add 2 weight 4',
    'add 3 weight 2',
    'ports 23000-23005 client fd00::2 -> 3 3 3 3 3 3',
    'scheduler sh with sh-port',
    'ports 23100-23150 client fd00::2 -> 2 2 3 3 1 2 2 2 2 2 3 3 3 2 2 2 2 2 3 3 3 2 2 2 2 2 3 3 2 2 2 1 2 2 3 3 2 2 2 1 1 3 3 3 2 2 2 1 1 2 3',
    'edit 2 weight 0',
    'ports 23200-23230 client fd00::2 -> 1 3 - 3 - 3 3 1 3 1 3 - 3 - 3 3 1 3 1 3 - 3 - 3 3 1 3 1 3 - 3',
    'scheduler sh with sh-port,sh-fallback',
    'ports 23300-23340 client fd00::2 -> 3 1 3 3 3 3 3 3 1 3 1 3 3 3 3 3 3 1 3 1 3 3 3 3 3 3 1 3 1 3 3 3 3 3 3 1 3 1 3 3 3',
  ],
  'sh whose table one destination fills knows no other': [
    'service sh at 10.9.0.4',
    'add 1 weight 1000',
    'add 2 weight 1',
    'clients 2-12 port 24000 -> 1 1 1 1 1 1 1 1 1 1 1',
    'edit 1 weight 200',
    'clients 2-40 port 24001 -> 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1',
    'edit 1 weight 0',
    'edit 2 weight 0',
    'scheduler sh with sh-fallback',
    'clients 2-4 port 24002 -> - - -',
  ],
};

for (const [name, transcript] of Object.entries(TRANSCRIPTS)) {
  test(name, () => replay(transcript));
}
