/** What uipvs must reach, and whether a run has shown that it does: ratios of medians of the same interleaved run. */
import type { Summary } from './summary.js';

/** A figure of one peer in one trial. */
export interface Quantity {
  readonly trial: string;
  readonly peer: string;
  /** Name of a detail; left out: the trial's own figure. */
  readonly detail?: string;
}

export interface Target {
  readonly figure: string;
  readonly quantity: Quantity;
  /** What the quantity is divided by, and its name in a table; left out: the quantity itself is judged. */
  readonly against?: Quantity & { readonly label: string };
  readonly bound: 'at least' | 'at most';
  readonly required: number;
  readonly unit?: 'B' | 's' | 'us';
}

export type Verdict = 'reached' | 'missed' | 'not measured' | 'not available';

export interface Judgement {
  readonly target: Target;
  /** NaN where it was not measured. */
  readonly reached: number;
  readonly verdict: Verdict;
  /** Whether other programs disturbed a sample that took part. */
  readonly isDisturbed: boolean;
}

type Device = 'uipvs' | 'uipvs-packet';

const LABELS: Readonly<Record<string, string>> = { nft: 'nftables', haproxy: 'HAProxy', nginx: 'nginx' };

/** Reads like a row of the table of what must be reached: `[trial, figure, least ratio by other peer]`. */
function againstPeers(
  peer: Device,
  trial: string,
  figure: string,
  ratios: Readonly<Record<string, number>>,
  bound: Target['bound'] = 'at least',
  detail?: string,
): Target[] {
  const named = detail === undefined ? {} : { detail };
  return Object.entries(ratios).map(([other, required]) => ({
    figure,
    quantity: { trial, peer, ...named },
    against: { trial, peer: other, ...named, label: LABELS[other] ?? other },
    bound,
    required,
  }));
}

/** How much p99 may differ between two seconds of the same load on a small machine, and still be unchanged. */
const UNCHANGED = 1.25;

/** What is the same on both devices. */
function alone(peer: Device): Target[] {
  const many = { trial: 'live-1000000', peer };
  const blocked = { trial: 'during-block', peer };
  return [
    {
      figure: '1M live connections, packets/s',
      quantity: many,
      against: { trial: 'live-1000', peer, label: '1k live' },
      bound: 'at least',
      required: 0.85,
    },
    {
      figure: 'memory of a connection',
      quantity: { ...many, detail: 'connectionBytes' },
      bound: 'at most',
      required: 100,
      unit: 'B',
    },
    {
      figure: '10,000 services, packets/s',
      quantity: { trial: 'services-10000', peer },
      against: { trial: 'services-1', peer, label: '1 service' },
      bound: 'at least',
      required: 0.97,
    },
    {
      figure: '-R of 110,000 lines',
      quantity: { trial: 'services-10000', peer, detail: 'restoreSeconds' },
      bound: 'at most',
      required: 3,
      unit: 's',
    },
    {
      figure: 'JavaScript blocked 5 s, messages lost',
      quantity: { ...blocked, detail: 'lostMessages' },
      bound: 'at most',
      required: 0,
    },
    {
      figure: 'JavaScript blocked 5 s, p99',
      quantity: blocked,
      against: { ...blocked, detail: 'beforeP99Microseconds', label: 'before' },
      bound: 'at most',
      required: UNCHANGED,
    },
    {
      figure: 'upcall p99 at 5,000/s',
      quantity: { trial: 'upcalls', peer },
      bound: 'at most',
      required: 300,
      unit: 'us',
    },
  ];
}

const PACKET: readonly Target[] = [
  ...againstPeers('uipvs-packet', 'connections', 'new connections/s', {
    nft: 1.15,
    haproxy: 1.4,
    nginx: 1.4,
  }),
  ...againstPeers('uipvs-packet', 'keepalive', 'keep-alive requests/s', { nft: 1.05, haproxy: 1.25 }),
  ...againstPeers('uipvs-packet', 'udp-forward', '22-byte UDP packets/s', { nft: 1.3 }),
  ...againstPeers('uipvs-packet', 'bulk-1-up', 'bulk, 1 flow up', { nft: 1 }),
  ...againstPeers('uipvs-packet', 'bulk-1-down', 'bulk, 1 flow down', { nft: 1 }),
  ...againstPeers('uipvs-packet', 'bulk-4-up', 'bulk, 4 flows up', { nft: 0.5 }),
  ...againstPeers('uipvs-packet', 'bulk-4-down', 'bulk, 4 flows down', { nft: 0.5 }),
  ...againstPeers('uipvs-packet', 'latency', 'round trip, median', { nft: 0.9 }, 'at most'),
  ...againstPeers('uipvs-packet', 'latency', 'round trip, p99', { nft: 0.9 }, 'at most', 'p99Microseconds'),
  ...alone('uipvs-packet'),
];

const TUN: readonly Target[] = [
  ...againstPeers('uipvs', 'connections', 'new connections/s', { nft: 1, haproxy: 1.2 }),
  ...againstPeers('uipvs', 'keepalive', 'keep-alive requests/s', { nft: 0.97, haproxy: 1.15 }),
  ...againstPeers('uipvs', 'udp-forward', '22-byte UDP packets/s', { nft: 1 }),
  ...againstPeers('uipvs', 'bulk-1-up', 'bulk, 1 flow up', { haproxy: 1.5 }),
  ...againstPeers('uipvs', 'bulk-1-down', 'bulk, 1 flow down', { haproxy: 1.5 }),
  ...againstPeers('uipvs', 'bulk-4-up', 'bulk, 4 flows up', { haproxy: 1 }),
  ...againstPeers('uipvs', 'bulk-4-down', 'bulk, 4 flows down', { haproxy: 1 }),
  ...againstPeers('uipvs', 'latency', 'round trip, median', { haproxy: 0.9 }, 'at most'),
  ...againstPeers('uipvs', 'latency', 'round trip, p99', { haproxy: 0.9 }, 'at most', 'p99Microseconds'),
  ...alone('uipvs'),
];

export const TARGETS: readonly Target[] = [...PACKET, ...TUN];

/** Whether some target needs this peer in this trial. */
export function isNeeded(trial: string, peer: string): boolean {
  return TARGETS.some(({ quantity, against }) =>
    [quantity, against].some((one) => one?.trial === trial && one.peer === peer),
  );
}

/** Every target against what was measured; `unavailable` names the peers that cannot run here. */
export function judge(
  summaries: readonly Summary[],
  unavailable: ReadonlySet<string>,
  targets: readonly Target[] = TARGETS,
): Judgement[] {
  const summaryOf = ({ trial, peer }: Quantity): Summary | undefined =>
    summaries.find((summary) => summary.trial === trial && summary.peer === peer);
  const figureOf = (quantity: Quantity): number => {
    const summary = summaryOf(quantity);
    const figure = quantity.detail === undefined ? summary?.median : summary?.details[quantity.detail];
    return figure ?? Number.NaN;
  };
  return targets.map((target) => {
    const { quantity, against } = target;
    const parts = against === undefined ? [quantity] : [quantity, against];
    const reached = figureOf(quantity) / (against === undefined ? 1 : figureOf(against));
    const isDisturbed = parts.some((part) => (summaryOf(part)?.disturbed ?? 0) > 0);
    const isUnavailable = parts.some(({ peer }) => unavailable.has(peer));
    return { target, reached, verdict: verdictOf(target, reached, isUnavailable), isDisturbed };
  });
}

function verdictOf(target: Target, reached: number, isUnavailable: boolean): Verdict {
  if (isUnavailable) return 'not available';
  if (Number.isNaN(reached)) return 'not measured';
  const isReached = target.bound === 'at least' ? reached >= target.required : reached <= target.required;
  return isReached ? 'reached' : 'missed';
}
