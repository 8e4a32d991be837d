/**
 * A few boxes around many, for {@link Cover}. One box a protocol is divided again and again, each time that one of which
 * most is gained: where the addresses part, or at the widest gap between ports. Pure.
 */
import { type Box, bitAt, boxOf, commonLength, MAX_PORT, prefixOf, volume } from './box.js';

/** The item of an address; `device` and ports as in {@link Item}. */
export function itemOf(address: string, device: string, protocol = 0, first = 0, last = MAX_PORT): Item {
  const key = protocol === 0 ? address : `${address} ${protocol} ${first}-${last}`;
  const { family, words, length } = boxOf(address);
  return { key, family, words, length, protocol, first, last, device };
}

/** What has to be covered: one address's box. */
export interface Item extends Box {
  /** Equal for equal items of a cover. */
  readonly key: string;
  /** Where the kernel's route to the address leads; boxes with one device are preferred. Empty: nowhere. */
  readonly device: string;
}

export interface Limits {
  /** Boxes that are aimed at. */
  readonly boxes: number;
  /** No prefix is shorter, however many boxes it takes. */
  readonly shortestLength: number;
}

/** A box that is filled to this part is not divided. */
const DENSE = 0.5;
/** More than any volume. */
const FIRST = 2 ** 200;

interface Part {
  readonly items: readonly Item[];
  readonly box: Box;
  readonly split: Split | null;
}

interface Split {
  readonly halves: readonly [readonly Item[], readonly Item[]];
  /** What is no longer covered then. */
  readonly gain: number;
}

/** The smallest box around items of one protocol, of which there is at least one. */
export function boundingBox(items: readonly Item[]): Box {
  const { family, words, length, protocol } = items[0] as Item;
  let [common, first, last] = [length, MAX_PORT, 0];
  for (const item of items) {
    common = Math.min(common, commonLength(words, item.words));
    if (item.first < first) first = item.first;
    if (item.last > last) last = item.last;
  }
  return { family, words: prefixOf(words, common, family), length: common, protocol, first, last };
}

function byAddress(items: readonly Item[], { length }: Box): readonly Item[][] {
  const halves: Item[][] = [[], []];
  for (const item of items) halves[bitAt(item.words, length)]?.push(item);
  return halves;
}

/** In two at the widest gap between ports, if there is one. */
function byPorts(items: readonly Item[]): readonly Item[][] {
  const sorted = items.toSorted((one, other) => one.first - other.first);
  let [last, widest, at] = [MAX_PORT, 0, 0];
  for (const [index, item] of sorted.entries()) {
    const gap = item.first - last - 1;
    if (index > 0 && gap > widest) [widest, at] = [gap, index];
    last = index === 0 ? item.last : Math.max(last, item.last);
  }
  return [sorted.slice(0, at), sorted.slice(at)];
}

function splitOf(items: readonly Item[], box: Box): Split | null {
  const [head] = items;
  let [needed, isMixed, hasPorts] = [0, false, false];
  for (const item of items) {
    needed += volume(item);
    if (item.device !== head?.device) isMixed = true;
    if (item.first !== box.first || item.last !== box.last) hasPorts = true;
  }
  if (items.length < 2 || (!isMixed && needed >= volume(box) * DENSE)) return null;
  let best: Split | null = null;
  for (const [one = [], other = []] of [byAddress(items, box), ...(hasPorts ? [byPorts(items)] : [])]) {
    if (one.length === 0 || other.length === 0) continue;
    const gain = volume(box) - volume(boundingBox(one)) - volume(boundingBox(other));
    if (best === null || gain > best.gain) best = { halves: [one, other], gain };
  }
  // A box of several devices comes before all others.
  return best !== null && isMixed ? { ...best, gain: best.gain + FIRST } : best;
}

function partOf(items: readonly Item[]): Part {
  const box = boundingBox(items);
  return { items, box, split: splitOf(items, box) };
}

/** The items in groups, each with its box; boxes do not overlap where items do not. */
export function divide(
  items: readonly Item[],
  limits: Limits,
): readonly { readonly items: readonly Item[]; readonly box: Box }[] {
  const byProtocol = new Map<number, Item[]>();
  for (const item of items) {
    const known = byProtocol.get(item.protocol);
    if (known === undefined) byProtocol.set(item.protocol, [item]);
    else known.push(item);
  }
  const parts = [...byProtocol.values()].map((each) => partOf(each));
  const replace = (part: Part, halves: readonly (readonly Item[])[]) =>
    parts.splice(parts.indexOf(part), 1, ...halves.map((half) => partOf(half)));
  while (parts.length < limits.boxes) {
    let best: Part | null = null;
    for (const part of parts) if ((part.split?.gain ?? 0) > (best?.split?.gain ?? 0)) best = part;
    if (best?.split == null) break;
    replace(best, best.split.halves);
  }
  const isTooWide = ({ box }: Part) => box.length < limits.shortestLength;
  for (let wide = parts.find(isTooWide); wide !== undefined; wide = parts.find(isTooWide)) {
    replace(wide, byAddress(wide.items, wide.box));
  }
  return parts;
}
