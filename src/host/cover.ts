/**
 * A bounded number of selectors for any number of services and real servers.
 *
 * Theory of operation: the kernel looks at policy rules one after the other, some 9 ns each for every packet that it
 * routes, so what would be thousands of rules is merged into a few that select more: ports into ranges, addresses into
 * prefixes, those whose routes lead to one device first. Packets of others that are in such a selector go through the
 * data plane, which sends them on unchanged, or hands them back to the host.
 *
 * Up to EXACT items each has a selector of its own. With more there are about MERGED, and what comes later and fits into
 * one changes nothing; what does not, gets a selector of its own, until there are EXACT again. Selectors whose last item
 * is gone go too; only when MERGED items are left, each has its own again. So one that comes and goes never moves others.
 */
import { type Box, boxKey, contains, overlaps } from './box.js';
import { divide, type Item, type Limits } from './cover-split.js';

/** Rules that are still worth their time: 32 take 0.3 us of the 3 us that the fastest way through a director takes. */
const EXACT = 32;
const MERGED = 16;
/** No selector is wider, so that never everything goes through the data plane. */
const SHORTEST_LENGTH = { 4: 8, 6: 16 } as const;

/** A selector as it is now. */
export interface Selected {
  readonly box: Box;
  /** It may select more than its items. */
  readonly isWide: boolean;
}

interface Group extends Selected {
  count: number;
}

interface Member {
  readonly item: Item;
  /** As many times as it was added. */
  count: number;
  /** Once merged. */
  group: Group | null;
}

export class Cover {
  readonly #members = new Map<string, Member>();
  /** Null: every item has its own selector. */
  #groups: Map<string, Group> | null = null;
  #isTangled = false;
  /** So many groups are to be merged again. */
  #tooMany = EXACT + 1;

  add(item: Item): void {
    const known = this.#members.get(item.key);
    if (known !== undefined) {
      known.count += 1;
      return;
    }
    const member: Member = { item, count: 1, group: null };
    this.#members.set(item.key, member);
    if (this.#groups !== null) this.#place(member, this.#groups);
  }

  /** One that is not there does nothing. */
  remove({ key }: Item): void {
    const member = this.#members.get(key);
    if (member === undefined) return;
    member.count -= 1;
    if (member.count > 0) return;
    this.#members.delete(key);
    if (member.group === null) return;
    member.group.count -= 1;
    if (member.group.count === 0) this.#groups?.delete(boxKey(member.group.box));
  }

  /** The selectors that everything since then asks for. */
  settle(): readonly Selected[] {
    const { size } = this.#members;
    const isTooMuch = this.#groups === null ? size > EXACT : this.#groups.size >= this.#tooMany;
    if (isTooMuch || this.#isTangled) this.#merge();
    else if (this.#groups !== null && size <= MERGED) this.#part();
    if (this.#groups !== null) return [...this.#groups.values()];
    return [...this.#members.values()].map(({ item }) => ({ box: item, isWide: false }));
  }

  #place(member: Member, groups: Map<string, Group>): void {
    const { item } = member;
    for (const group of groups.values()) {
      if (contains(group.box, item)) {
        group.count += 1;
        member.group = group;
        return;
      }
      // Selectors of which one packet is twice a set of nftables would not take.
      if (overlaps(group.box, item)) this.#isTangled = true;
    }
    member.group = { box: item, isWide: false, count: 1 };
    groups.set(boxKey(item), member.group);
  }

  #merge(): void {
    const all = Array.from(this.#members.values(), ({ item }) => item);
    const family = all[0]?.family ?? 4;
    const limits: Limits = { boxes: MERGED, shortestLength: SHORTEST_LENGTH[family] };
    const groups = new Map<string, Group>();
    for (const { box, items } of divide(all, limits)) {
      const group = { box, isWide: items.length > 1, count: items.length };
      groups.set(boxKey(box), group);
      for (const { key } of items) {
        const member = this.#members.get(key);
        if (member !== undefined) member.group = group;
      }
    }
    this.#groups = groups;
    this.#isTangled = false;
    // Addresses far from one another need more groups than are aimed at.
    this.#tooMany = Math.max(EXACT + 1, 2 * groups.size);
  }

  #part(): void {
    for (const member of this.#members.values()) member.group = null;
    this.#groups = null;
  }
}
