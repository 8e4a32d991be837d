import { IdPool } from './id-pool.js';

interface Holding {
  readonly id: number;
  holders: number;
}

/**
 * Service ids by service name. The service holds its id, and so does each of its destinations in the trash: a service
 * that is deleted and added again, with connections of its old destinations still there, gets the same id.
 */
export class ServiceIds {
  readonly #pool: IdPool;
  readonly #holdings = new Map<string, Holding>();

  constructor(limit: number) {
    this.#pool = new IdPool(limit);
  }

  /** Whether `hold` would give an id. */
  isAvailable(name: string): boolean {
    return this.#holdings.has(name) || !this.#pool.isExhausted;
  }

  /** The id of the service of that name, held once more; undefined where it has none and all are taken. */
  hold(name: string): number | undefined {
    const holding = this.#holdings.get(name);
    if (holding !== undefined) {
      holding.holders += 1;
      return holding.id;
    }
    const id = this.#pool.take();
    if (id !== undefined) this.#holdings.set(name, { id, holders: 1 });
    return id;
  }

  /** Takes back one `hold`; the last one frees the id. */
  release(name: string): void {
    const holding = this.#holdings.get(name);
    if (holding === undefined) return;
    holding.holders -= 1;
    if (holding.holders > 0) return;
    this.#holdings.delete(name);
    this.#pool.release(holding.id);
  }
}
