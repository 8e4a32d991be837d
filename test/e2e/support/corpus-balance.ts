/**
 * Whether a group of the corpus, sent at once, was counted packet by packet.
 *
 * What reaches uipvs has the fate that the native test asserts for each packet alone. Some are judged by the director's kernel
 * before, which counts them itself, by counters of its own; of two kinds it says nothing at all: sources that it takes for
 * martians, and source routes. So of no fate there may be more than were sent, and what is missing must be in the kernel's
 * counters, to the last packet.
 */
import type { Lab } from '../../lab/lab.js';
import type { CorpusPacket } from './corpus.js';
import { kernelCounters } from './kernel-counters.js';
import { type PacketCounts, packetCounts } from './worker-counters.js';

/** The kernel's counters of packets that it does not take. Source: Linux, net/ipv4/proc.c and net/ipv6/proc.c. */
const REFUSED_BY_KERNEL = [
  'IpInHdrErrors',
  'IpExtInTruncatedPkts',
  'Ip6InHdrErrors',
  'Ip6InTruncatedPkts',
  'Ip6InAddrErrors',
];

/** Fragments with the identification of others are together so many, but not each what it is alone. */
const PIECES: readonly string[] = ['fragment_inconsistent', 'fragment_repeated'];

export interface Counted {
  readonly worker: PacketCounts;
  readonly refusedByKernel: number;
}

export async function countAll(lab: Lab, metrics: string): Promise<Counted> {
  const [worker, kernel] = await Promise.all([packetCounts(lab, metrics), kernelCounters(lab, 'director')]);
  const refusedByKernel = REFUSED_BY_KERNEL.reduce((sum, name) => sum + (kernel[name] ?? 0), 0);
  return { worker, refusedByKernel };
}

function fatesOf({ worker }: Counted): Record<string, number> {
  const { drops, verdicts } = worker;
  const pieces = PIECES.reduce((sum, reason) => sum + (drops[reason] ?? 0), 0);
  return {
    ...drops,
    begins: worker.connectionsCreated,
    // The rate of ICMP errors is limited.
    answered: (verdicts.answered ?? 0) + (drops.answer_rate ?? 0),
    kept: worker.fragmentsKept + pieces,
  };
}

export interface Balance {
  /** Fates that came more often than such packets were sent, in words. */
  readonly tooMany: readonly string[];
  /** Packets without the fate that they have where they reach uipvs. */
  readonly missing: number;
  readonly refusedByKernel: number;
}

/** `ignored`: fates that other packets have meanwhile, too. */
export function balanceOf(
  packets: readonly CorpusPacket[],
  before: Counted,
  after: Counted,
  ignored: readonly string[] = [],
): Balance {
  const expected = new Map<string, number>();
  for (const { fate } of packets) {
    const name = PIECES.includes(fate) ? 'kept' : fate;
    expected.set(name, (expected.get(name) ?? 0) + 1);
  }
  const [then, now] = [fatesOf(before), fatesOf(after)];
  const grown = (fate: string): number => (now[fate] ?? 0) - (then[fate] ?? 0);
  const others = Object.keys(now).filter(
    (fate) => !PIECES.includes(fate) && fate !== 'answer_rate' && !fate.includes('expired'),
  );
  const tooMany = [...new Set([...others, ...expected.keys()])]
    .filter((fate) => !ignored.includes(fate) && grown(fate) > (expected.get(fate) ?? 0))
    .map((fate) => `${fate}: ${grown(fate)} of ${expected.get(fate) ?? 0}`);
  const missing = [...expected].reduce((sum, [fate, count]) => sum + count - grown(fate), 0);
  return { tooMany, missing, refusedByKernel: after.refusedByKernel - before.refusedByKernel };
}
