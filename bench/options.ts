import { parseArgs } from 'node:util';
import { UipvsError } from '../src/base/error.js';
import { DEFAULT_PEERS, OTHER_PEERS, select, TRIALS } from './catalogue.js';
import type { Peer } from './peer.js';
import type { Plan } from './run.js';
import { isNeeded } from './targets.js';
import type { Trial } from './trial.js';

export const USAGE = `Usage: npm run bench -- [--quick] [--rounds N] [--only NAME,...] [--peers PEER,...]
  --quick   one short round of what the figures that must be reached need
  --only    trials, or families of them: ${namesOfTrials().join(', ')}
  --peers   ${DEFAULT_PEERS.map(({ name }) => name).join(', ')}; when named also ${OTHER_PEERS.map(({ name }) => name).join(', ')}`;

export interface Options {
  readonly plan: Plan;
  /** Whether these are all trials and the default peers at full length, in enough rounds. */
  readonly isComplete: boolean;
  readonly isHelp: boolean;
}

const FULL = {
  rounds: 3,
  durations: { warmUpSeconds: 1, measuredSeconds: 3, restMs: 2000 },
  repeatSeconds: Number.POSITIVE_INFINITY,
};
const QUICK = {
  rounds: 1,
  durations: { warmUpSeconds: 0, measuredSeconds: 1, restMs: 300 },
  repeatSeconds: 60,
};
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
  const trials = values.only === undefined ? TRIALS : selectTrials(values.only.split(','));
  const everyPeer = [...DEFAULT_PEERS, ...OTHER_PEERS];
  const peers =
    values.peers === undefined ? DEFAULT_PEERS : select('--peers', everyPeer, values.peers.split(','));
  const rounds = values.rounds === undefined ? length.rounds : readRounds(values.rounds);
  const isSelected = values.only !== undefined || values.peers !== undefined;
  return {
    plan: { ...length, trials, peers, rounds, takesPart },
    isComplete: !isSelected && !values.quick && rounds >= FULL.rounds,
    isHelp: values.help,
  };

  /** What is named has its turn; else a quick run has what is needed, and a full one what is usual. */
  function takesPart(trial: Trial, peer: Peer): boolean {
    if (values.peers !== undefined) return true;
    if (values.quick && values.only === undefined) return isNeeded(trial.name, peer.name);
    return trial.usualPeers?.includes(peer.name) ?? true;
  }
}

function namesOfTrials(): string[] {
  return [...new Set(TRIALS.map(({ name, family }) => family?.name ?? name))];
}

/** Trials by name, and all of a family by the family's. Throws EINVAL for a name that is neither. */
function selectTrials(names: readonly string[]): Trial[] {
  return names.flatMap((name) => {
    const family = TRIALS.filter((trial) => trial.family?.name === name);
    return family.length > 0 ? family : select('--only', TRIALS, [name]);
  });
}

function readRounds(text: string): number {
  const rounds = Number(text);
  if (Number.isInteger(rounds) && rounds >= 1 && rounds <= MAX_ROUNDS) return rounds;
  throw new UipvsError('EINVAL', `Expected --rounds to be 1..${MAX_ROUNDS} but received ${text}`);
}
