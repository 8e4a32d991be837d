import { parseArgs } from 'node:util';
import { UipvsError } from '../src/base/error.js';
import { DEFAULT_PEERS, OTHER_PEERS, select, TRIALS } from './catalogue.js';
import type { Plan } from './run.js';

export const USAGE = `Usage: npm run bench -- [--quick] [--rounds N] [--only TRIAL,...] [--peers PEER,...]
  trials: ${TRIALS.map(({ name }) => name).join(', ')}
  peers:  ${DEFAULT_PEERS.map(({ name }) => name).join(', ')}; when named also ${OTHER_PEERS.map(({ name }) => name).join(', ')}`;

export interface Options {
  readonly plan: Plan;
  /** Whether these are all trials and the default peers at full length, in enough rounds. */
  readonly isComplete: boolean;
  readonly isHelp: boolean;
}

const FULL = { rounds: 3, durations: { warmUpSeconds: 1, measuredSeconds: 3 } };
const QUICK = { rounds: 1, durations: { warmUpSeconds: 1, measuredSeconds: 2 } };
const MAX_ROUNDS = 100;

/** Read the command line. Throws EINVAL for a value that is not understood, TypeError for an unknown option. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      peers: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const length = values.quick ? QUICK : FULL;
  const trials = values.only === undefined ? TRIALS : select('--only', TRIALS, values.only.split(','));
  const everyPeer = [...DEFAULT_PEERS, ...OTHER_PEERS];
  const peers =
    values.peers === undefined ? DEFAULT_PEERS : select('--peers', everyPeer, values.peers.split(','));
  const rounds = values.rounds === undefined ? length.rounds : readRounds(values.rounds);
  return {
    plan: { trials, peers, rounds, durations: length.durations },
    isComplete:
      values.only === undefined && values.peers === undefined && !values.quick && rounds >= FULL.rounds,
    isHelp: values.help,
  };
}

function readRounds(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= MAX_ROUNDS) return rounds;
  throw new UipvsError('EINVAL', `Expected --rounds to be 1..${MAX_ROUNDS} but received ${text}`);
}
