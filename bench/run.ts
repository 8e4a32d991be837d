import type { Peer } from './peer.js';
import { type Durations, type Sample, takeSample } from './sample.js';
import { formatFigure } from './table.js';
import type { Trial } from './trial.js';

export interface Plan {
  readonly trials: readonly Trial[];
  readonly peers: readonly Peer[];
  readonly rounds: number;
  readonly durations: Durations;
}

/** How often a sample is taken at most that fails or that other programs disturb. */
const ATTEMPTS = 3;

/** Repetitions a whole run may spend, as a share of its turns: on a busy machine it must end too. */
const REPEAT_SHARE = 0.2;

/**
 * Take all samples: for each trial, for each round, each peer, starting with another peer every round, so that a
 * machine that grows slower or faster meanwhile does so for all. A sample with a fault is thrown away and taken
 * again; so is a disturbed one, unless no repetition is left: then it is kept. `report` gets one line for every attempt; the
 * answer has all of them, those thrown away with their fault.
 */
export async function run(plan: Plan, report: (line: string) => void): Promise<Sample[]> {
  const samples: Sample[] = [];
  const turns = turnsOf(plan);
  let repeats = Math.ceil(turns.length * REPEAT_SHARE);
  for (const [index, { trial, peer, round }] of turns.entries()) {
    for (let attempt = 1; ; attempt++) {
      const taken = await takeSample(trial, peer, round, plan.durations);
      const isLast = attempt === ATTEMPTS || repeats === 0;
      const sample = isLast ? taken : withoutDisturbance(taken);
      samples.push(sample);
      report(`[${index + 1}/${turns.length}] ${describe(sample, trial)}`);
      if (isLast || sample.fault === null) break;
      repeats -= 1;
    }
  }
  return samples;
}

function withoutDisturbance(sample: Sample): Sample {
  if (!sample.isDisturbed || sample.fault !== null) return sample;
  const fault = `other programs used ${sample.neighbourPercent.toFixed(0)}% of the machine`;
  return { ...sample, value: null, fault };
}

interface Turn {
  readonly trial: Trial;
  readonly peer: Peer;
  readonly round: number;
}

/** The order of the samples; peers that cannot do a trial's protocol have no turn in it. */
export function turnsOf({ trials, peers, rounds }: Omit<Plan, 'durations'>): Turn[] {
  const turns: Turn[] = [];
  for (const trial of trials) {
    const able = peers.filter((peer) => peer.protocols.includes(trial.service.protocol));
    for (let round = 1; round <= rounds; round++) {
      const first = (round - 1) % Math.max(1, able.length);
      for (const peer of [...able.slice(first), ...able.slice(0, first)]) turns.push({ trial, peer, round });
    }
  }
  return turns;
}

function describe(sample: Sample, trial: Trial): string {
  const head = `${trial.name.padEnd(11)} round ${sample.round} ${sample.peer.padEnd(15)}`;
  if (sample.value === null) return `${head} thrown away: ${sample.fault}`;
  const value = `${formatFigure(sample.value, trial.unit)} ${trial.unit}`;
  const cost = `${sample.machineMicrosecondsPerOperation.toFixed(1)} us/${trial.operation}`;
  return `${head} ${value.padEnd(16)} ${cost}${sample.isDisturbed ? ' (disturbed)' : ''}`;
}
