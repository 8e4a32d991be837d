/**
 * Requests to add and remove that have come while others are carried out: all of them are then carried out together, in
 * order, which takes little longer than one. What needs nothing of the kernel, and has nobody before it, is done at once.
 */
import { UipvsError } from '../base/error.js';
import { canonicalAddress, familyOf } from '../net/address.js';
import type { Family } from '../net/family.js';
import { MAX_PORT } from './box.js';
import type { EntryKind, RealServer, VirtualService } from './entry.js';
import type { Change, FamilyPlumbing } from './family-plumbing.js';

interface Waiting {
  readonly family: Family;
  readonly change: Change;
  readonly settle: (refusal: unknown) => void;
}

export type Subject = RealServer & Pick<VirtualService, 'alsoPorts'>;

/** Errors: EINVAL. */
function changeOf(verb: Change['verb'], kind: EntryKind, subject: Subject): Change {
  const address = canonicalAddress(subject.address);
  const { protocol, port = 0, alsoPorts } = subject;
  if (familyOf(address) !== subject.family) {
    throw new UipvsError(
      'EINVAL',
      `Expected an IPv${subject.family} address for a ${kind} but received ${address}`,
    );
  }
  if (!Number.isInteger(port) || port < 0 || port > MAX_PORT) {
    throw new UipvsError('EINVAL', `Expected a port for ${kind} ${address} but received ${port}`);
  }
  const range = alsoPorts?.find(({ first, last }) => !(first >= 1 && first <= last && last <= MAX_PORT));
  if (range !== undefined) {
    const received = `${range.first}-${range.last}`;
    throw new UipvsError(
      'EINVAL',
      `Expected a range of ports for ${kind} ${address} but received ${received}`,
    );
  }
  return { verb, kind, address, protocol, port, alsoPorts };
}

export class RequestQueue {
  readonly #families: Readonly<Record<Family, FamilyPlumbing>>;
  readonly #schedule: (task: () => Promise<void>) => Promise<void>;
  #waiting: Waiting[] = [];
  #isCarryingOut = false;

  /** @param schedule runs a task when all before it are done; it may refuse to, by rejecting */
  constructor(
    families: Readonly<Record<Family, FamilyPlumbing>>,
    schedule: (task: () => Promise<void>) => Promise<void>,
  ) {
    this.#families = families;
    this.#schedule = schedule;
  }

  /** Whether it could be done, and was, without asking the kernel. `subject.address` in canonical form. */
  tryAtOnce(verb: Change['verb'], kind: EntryKind, subject: Subject): boolean {
    // Uses of real servers are counted, so that their order is no matter; a virtual address may be about to go.
    const isInTurn = !this.#isCarryingOut && this.#waiting.length === 0;
    if (!isInTurn && kind !== 'real server') return false;
    const { address, protocol, port = 0, alsoPorts } = subject;
    return this.#families[subject.family].tryAtOnce(verb, kind, address, protocol, port, alsoPorts);
  }

  /** Settles when it is done. Errors: EINVAL; those of FamilyPlumbing.apply(). */
  async request(verb: Change['verb'], kind: EntryKind, subject: Subject): Promise<void> {
    const change = changeOf(verb, kind, subject);
    if (this.tryAtOnce(verb, kind, { ...subject, address: change.address })) return;
    return new Promise((resolve, reject) => {
      const settle = (refusal: unknown) => (refusal === null ? resolve() : reject(refusal));
      this.#waiting.push({ family: subject.family, change, settle });
      if (this.#waiting.length > 1) return;
      this.#schedule(() => this.#carryOut()).catch((thrown: unknown) => {
        for (const { settle: refuse } of this.#waiting.splice(0)) refuse(thrown);
      });
    });
  }

  async #carryOut(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    this.#isCarryingOut = true;
    for (const family of [4, 6] as const) {
      const batch = waiting.filter((request) => request.family === family);
      if (batch.length === 0) continue;
      try {
        const outcomes = await this.#families[family].apply(batch.map((request) => request.change));
        for (const [index, request] of batch.entries()) request.settle(outcomes[index] ?? null);
      } catch (thrown) {
        for (const request of batch) request.settle(thrown);
      }
    }
    this.#isCarryingOut = false;
  }
}
