import type { Sample } from './sample.js';

/** Samples of one peer in one trial, condensed. */
export interface Summary {
  readonly trial: string;
  readonly peer: string;
  /** Samples used, how many of those other programs disturbed, and samples thrown away. */
  readonly used: number;
  readonly disturbed: number;
  readonly thrownAway: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Median divided by the median of the peer named, or null where that has none. */
  readonly ratioToHaproxy: number | null;
  readonly ratioToNft: number | null;
  /** Medians over the samples used, as the fields of `Sample`. */
  readonly details: Readonly<Record<string, number>>;
  readonly machineMicrosecondsPerOperation: number;
  readonly directorMicrosecondsPerOperation: number;
  readonly workerMicrosecondsPerOperation: number | null;
  readonly directorPeakKilobytes: number | null;
}

/** The middle value, or the mean of the two in the middle; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const lower = sorted[Math.ceil(middle) - 1] ?? Number.NaN;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return (lower + upper) / 2;
}

/** One summary for every trial and peer with at least one good sample, in the order of the samples. */
export function summarize(samples: readonly Sample[]): Summary[] {
  const groups = new Map<string, Sample[]>();
  for (const sample of samples) {
    const key = `${sample.trial} ${sample.peer}`;
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  const medianOf = (trial: string, peer: string): number =>
    median(values(groups.get(`${trial} ${peer}`) ?? []));
  return [...groups.values()]
    .filter((group) => values(group).length > 0)
    .map((group) => condense(group, medianOf));
}

function condense(group: readonly Sample[], medianOf: (trial: string, peer: string) => number): Summary {
  const good = group.filter((sample) => sample.value !== null);
  const { trial = '', peer = '' } = good[0] ?? {};
  const figures = values(good);
  const ratioTo = (other: string): number | null => {
    const ratio = median(figures) / medianOf(trial, other);
    return Number.isFinite(ratio) ? ratio : null;
  };
  return {
    trial,
    peer,
    used: good.length,
    disturbed: good.filter((sample) => sample.isDisturbed).length,
    thrownAway: group.length - good.length,
    median: median(figures),
    min: Math.min(...figures),
    max: Math.max(...figures),
    ratioToHaproxy: ratioTo('haproxy'),
    ratioToNft: ratioTo('nft'),
    details: detailMedians(good),
    machineMicrosecondsPerOperation: median(good.map((sample) => sample.machineMicrosecondsPerOperation)),
    directorMicrosecondsPerOperation: median(good.map((sample) => sample.directorMicrosecondsPerOperation)),
    workerMicrosecondsPerOperation: medianOrNull(good.map((sample) => sample.workerMicrosecondsPerOperation)),
    directorPeakKilobytes: medianOrNull(good.map((sample) => sample.directorPeakKilobytes)),
  };
}

/** Of those that are not null; null of nothing. */
function medianOrNull(all: readonly (number | null)[]): number | null {
  const known = all.filter((value) => value !== null);
  return known.length === 0 ? null : median(known);
}

function values(samples: readonly Sample[]): number[] {
  return samples.flatMap((sample) => sample.value ?? []);
}

function detailMedians(samples: readonly Sample[]): Record<string, number> {
  const names = Object.keys(samples[0]?.details ?? {});
  return Object.fromEntries(
    names.map((name) => [name, median(samples.map((sample) => sample.details[name] ?? Number.NaN))]),
  );
}
