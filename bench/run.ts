import type { Peer } from './peer.js';
import { type Durations, type Sample, takeSample } from './sample.js';
import { formatFigure } from './table.js';
import type { Trial } from './trial.js';

export interface Plan {
  readonly trials: readonly Trial[];
  readonly peers: readonly Peer[];
  readonly rounds: number;
  readonly durations: Durations;
  /** How long samples are repeated that fail or are disturbed: a run that is to be short has no time for it later. */
  readonly repeatSeconds: number;
  /** Which of the peers that are able to have a turn in which trial do have one. */
  takesPart(trial: Trial, peer: Peer): boolean;
}

export interface Outcome {
  readonly samples: readonly Sample[];
  /** Peers that cannot run here, by name, and why. */
  readonly unavailable: ReadonlyMap<string, string>;
}

/** How often a sample is taken at most that fails or that other programs disturb. */
const ATTEMPTS = 3;

/** Repetitions a whole run may spend, as a share of its turns: on a busy machine it must end too. */
const REPEAT_SHARE = 0.2;

/**
 * Take all samples: for each trial, for each round, each peer, starting with another peer every round, so that a
 * machine that grows slower or faster meanwhile does so for all. A sample with a fault is thrown away and taken
 * again; so is a disturbed one, unless no repetition is left: then it is kept. A peer that turns out not to run here
 * has no further turn. `report` gets one line for every attempt; the answer has all of them, those thrown away with
 * their fault.
 */
export async function run(plan: Plan, report: (line: string) => void): Promise<Outcome> {
  const samples: Sample[] = [];
  const unavailable = new Map<string, string>();
  const turns = turnsOf(plan);
  let repeats = Math.ceil(turns.length * REPEAT_SHARE);
  const repeatUntil = performance.now() + 1000 * plan.repeatSeconds;
  for (const [index, { trial, peer, round }] of turns.entries()) {
    for (let attempt = 1; !unavailable.has(peer.name); attempt++) {
      const taken = await takeSample(trial, peer, round, plan.durations);
      const isLast = attempt === ATTEMPTS || repeats === 0 || performance.now() >= repeatUntil;
      const sample = isLast ? taken : withoutDisturbance(taken);
      if (sample.isAvailable) samples.push(sample);
      else unavailable.set(peer.name, sample.fault ?? 'unknown');
      report(`[${index + 1}/${turns.length}] ${describe(sample, trial)}`);
      if (isLast || sample.fault === null || !sample.isAvailable) break;
      repeats -= 1;
    }
  }
  return { samples, unavailable };
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

/**
 * The order of the samples. Trials of one family are compared with one another as peers are, so a round has all of
 * them. Peers that cannot do what a trial is about have no turn in it.
 */
export function turnsOf({
  trials,
  peers,
  rounds,
  takesPart,
}: Pick<Plan, 'trials' | 'peers' | 'rounds' | 'takesPart'>): Turn[] {
  const turns: Turn[] = [];
  for (const group of families(trials)) {
    for (let round = 1; round <= rounds; round++) {
      for (const trial of group) {
        const able = peers.filter((peer) => isAble(peer, trial) && takesPart(trial, peer));
        const first = (round - 1) % Math.max(1, able.length);
        for (const peer of [...able.slice(first), ...able.slice(0, first)])
          turns.push({ trial, peer, round });
      }
    }
  }
  return turns;
}

/** Each trial with those that are of its family, in the order of the first of them. */
export function families(trials: readonly Trial[]): readonly (readonly Trial[])[] {
  const groups = new Map<string, Trial[]>();
  for (const trial of trials) {
    const key = trial.family === undefined ? `trial ${trial.name}` : `family ${trial.family.name}`;
    groups.set(key, [...(groups.get(key) ?? []), trial]);
  }
  return [...groups.values()];
}

function isAble(peer: Peer, trial: Trial): boolean {
  return peer.protocols.includes(trial.service.protocol) && (trial.uipvs === undefined || peer.isUipvs);
}

function describe(sample: Sample, trial: Trial): string {
  const head = `${trial.name.padEnd(16)} round ${sample.round} ${sample.peer.padEnd(18)}`;
  if (!sample.isAvailable) return `${head} not available: ${sample.fault}`;
  if (sample.value === null) return `${head} thrown away: ${sample.fault}`;
  const value = `${formatFigure(sample.value, trial.unit)} ${trial.unit}`;
  const cost = `${sample.machineMicrosecondsPerOperation.toFixed(1)} us/${trial.operation}`;
  return `${head} ${value.padEnd(16)} ${cost}${sample.isDisturbed ? ' (disturbed)' : ''}`;
}
