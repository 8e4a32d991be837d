/** Choices that a seed determines. */
export class Dice {
  #state: number;

  /** Any whole number; equal seeds choose alike. */
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 <= fraction < 1, evenly. Source: mulberry32, Tommy Ettinger, public domain. */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = this.#state;
    bits = Math.imul(bits ^ (bits >>> 15), bits | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number of 0..sides-1. */
  roll(sides: number): number {
    return Math.floor(this.fraction() * sides);
  }

  /** True in `percent` of 100 rolls. */
  chance(percent: number): boolean {
    return this.roll(100) < percent;
  }

  /** One of the items, each as likely; there is at least one. */
  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.roll(items.length)];
    if (item === undefined) throw new RangeError('Expected something to pick from but received nothing');
    return item;
  }

  /** A key, as likely as its weight says. */
  pickWeighted<Key extends string>(weights: Readonly<Record<Key, number>>): Key {
    const keys = Object.keys(weights) as Key[];
    let rest = this.roll(keys.reduce((sum, key) => sum + weights[key], 0));
    const found = keys.find((key) => {
      rest -= weights[key];
      return rest < 0;
    });
    if (found === undefined) throw new RangeError('Expected something to pick from but received nothing');
    return found;
  }
}
