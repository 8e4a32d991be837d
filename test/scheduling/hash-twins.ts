/**
 * Theory of operation: sh and mh once more, slow and obvious. The table is built anew for every choice.
 */
import type {
  FiveTuple,
  SchedulableDestination,
  SchedulableService,
  Scheduler,
} from '../../src/ipvs/scheduler.js';
import { addressWords } from '../../src/net/address.js';
import { siphashTwin } from './siphash-twin.js';

type Table = readonly (SchedulableDestination | undefined)[];

const FALLBACK = 0x08;
const PORT = 0x10;
const MAGLEV_SLOTS = 4093;

export const shTwin: Scheduler = {
  name: 'sh-twin',

  schedule(service, flow) {
    const slots = service.destinations.flatMap((destination) =>
      new Array<SchedulableDestination>(Math.max(1, destination.weight)).fill(destination),
    );
    const table = Array.from({ length: 256 }, (_, slot) => slots[slot % slots.length]);
    return choose(service, flow, table, (key, offset) => {
      const product = (key * 0x61c88647n) % 2n ** 32n;
      return (Number(product / 2n ** 24n) + offset) % 256;
    });
  },
};

export const mhTwin: Scheduler = {
  name: 'mh-twin',

  schedule(service, flow) {
    return choose(service, flow, maglevTable(service.destinations), (key, offset) => {
      return maglevHash(key + BigInt(offset), 2654435761n) % MAGLEV_SLOTS;
    });
  },
};

function choose(
  { schedulerFlags }: SchedulableService<unknown>,
  { sourceWords, sourcePort }: FiveTuple,
  table: Table,
  hash: (key: bigint, offset: number) => number,
): SchedulableDestination | undefined {
  const key = fold(sourceWords) + ((schedulerFlags & PORT) === 0 ? 0n : BigInt(sourcePort));
  const home = hash(key, 0);
  const offsets = [0, ...[...table.keys()].map((step) => (home + step) % table.length)];
  for (const offset of (schedulerFlags & FALLBACK) === 0 ? [0] : offsets) {
    const found = table[hash(key, offset)];
    if (found !== undefined && found.weight > 0 && !found.isOverloaded) return found;
  }
  return undefined;
}

/** As the paper has it: every destination's whole order of preference, last first, is there before a turn. */
function maglevTable(destinations: readonly SchedulableDestination[]): Table {
  const weighted = destinations.filter(({ lastWeight }) => lastWeight > 0);
  const turns = turnsOf(weighted.map(({ lastWeight }) => lastWeight));
  const orders = weighted.map(({ address, port }) => {
    const key = fold(addressWords(address)) + BigInt(port);
    const start = maglevHash(key, 2654435761n) % MAGLEV_SLOTS;
    const pace = (maglevHash(key, 2654446892n) % (MAGLEV_SLOTS - 1)) + 1;
    return Array.from({ length: MAGLEV_SLOTS }, (_, step) => (start + step * pace) % MAGLEV_SLOTS).reverse();
  });
  const table: (SchedulableDestination | undefined)[] = new Array(MAGLEV_SLOTS).fill(undefined);
  let left = weighted.length === 0 ? 0 : MAGLEV_SLOTS;
  while (left > 0) {
    for (const [index, destination] of weighted.entries()) {
      for (let turn = 0; turn < turns[index]! && left > 0; turn += 1) {
        let place = orders[index]!.pop()!;
        while (table[place] !== undefined) place = orders[index]!.pop()!;
        table[place] = destination;
        left -= 1;
      }
    }
  }
  return table;
}

/** The weights in units of what divides them all, and of a power of 2 so that none has more than 63. */
function turnsOf(weights: readonly number[]): number[] {
  let unit = Math.min(...weights);
  while (weights.some((weight) => weight % unit !== 0)) unit -= 1;
  let cut = 1;
  while (Math.max(...weights) / unit / cut >= 64) cut *= 2;
  return weights.map((weight) => Math.max(1, Math.floor(weight / unit / cut)));
}

function maglevHash(key: bigint, half: bigint): number {
  return siphashTwin(Number(key % 2n ** 32n), [half, half]);
}

function fold(words: Uint32Array): bigint {
  return [...words].reduce((folded, word) => folded ^ BigInt(word), 0n);
}
