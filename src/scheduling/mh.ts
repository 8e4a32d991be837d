import { UipvsError } from '../base/error.js';
import type { SchedulableDestination, SchedulableService, Scheduler } from '../ipvs/scheduler.js';
import { addressWords } from '../net/address.js';
import type { Family } from '../net/family.js';
import { greatestCommonDivisor } from './common-divisor.js';
import { type FlowTable, lookUp } from './flow-table.js';
import { foldAddress, hsipHash } from './hash.js';

/** Specification. Source: ip_vs_mh.c, IP_VS_MH_TAB_INDEX, as kernels are configured by default, and hash keys. */
const TABLE_SIZE = 4093;
const MAX_TURN_BITS = 6;
const KEY_1 = 2654435761;
const KEY_2 = 2654446892;

/** Where a destination's walk through the table begins and how far each step goes; it visits every slot once. */
interface Walk {
  readonly start: number;
  readonly pace: number;
}

interface MhState {
  readonly table: FlowTable;
  /** They depend on address and port alone, which no edit changes. */
  readonly walks: WeakMap<SchedulableDestination, Walk>;
}

type Members = Pick<SchedulableService<unknown>, 'family' | 'destinations'>;

/**
 * Maglev hashing: a client's address (with mh-port: and port) always gives the same destination, and when a
 * destination comes or goes few clients change theirs. Quiescing one changes nothing in the table, for it keeps the
 * slots of its last weight: its clients are refused, or with mh-fallback go to others.
 *
 * Source: net/netfilter/ipvs/ip_vs_mh.c, ip_vs_mh_schedule and ip_vs_mh_populate; Eisenbud and others, "Maglev: A Fast
 * and Reliable Software Network Load Balancer", section 3.4. Differs from the kernel: with more destinations than the
 * table has slots, where it stays as it was, a deleted destination's slots become empty.
 */
export const mh: Scheduler<MhState> = {
  name: 'mh',

  init(service) {
    const { length } = service.destinations;
    if (length > TABLE_SIZE) {
      throw new UipvsError(
        'EINVAL',
        `Expected at most ${TABLE_SIZE} destinations for mh but received ${length}`,
      );
    }
    const state = { table: new Array(TABLE_SIZE).fill(undefined), walks: new WeakMap() };
    fill(state, service);
    return state;
  },

  destinationAdded: (service) => fill(service.state, service),
  destinationRemoved(service, destination) {
    const { table } = service.state;
    if (service.destinations.length <= TABLE_SIZE) fill(service.state, service);
    else for (const [slot, owner] of table.entries()) if (owner === destination) table[slot] = undefined;
  },
  destinationEdited: (service) => fill(service.state, service),

  schedule: (service, flow) => lookUp(service, flow, service.state.table, slotOf),
};

function slotOf(key: number, offset: number): number {
  return hsipHash((key + offset) | 0, KEY_1) % TABLE_SIZE;
}

function fill({ table, walks }: MhState, { family, destinations }: Members): void {
  const count = destinations.length;
  if (count > TABLE_SIZE) return;
  const turns = turnsOf(destinations);
  const places = new Int32Array(count);
  const paces = new Int32Array(count);
  for (const [index, destination] of destinations.entries()) {
    let walk = walks.get(destination);
    if (walk === undefined) {
      walk = walkOf(destination, family);
      walks.set(destination, walk);
    }
    places[index] = walk.start;
    paces[index] = walk.pace;
  }
  const isTaken = new Uint8Array(TABLE_SIZE);
  let left = turns.some((turn) => turn > 0) ? TABLE_SIZE : 0;
  if (left === 0) table.fill(undefined);
  while (left > 0) {
    for (let index = 0; index < count; index += 1) {
      const pace = paces[index] ?? 0;
      let place = places[index] ?? 0;
      for (let turn = turns[index] ?? 0; turn > 0 && left > 0; turn -= 1) {
        while (isTaken[place] === 1) {
          place += pace;
          if (place >= TABLE_SIZE) place -= TABLE_SIZE;
        }
        isTaken[place] = 1;
        table[place] = destinations[index];
        left -= 1;
      }
      places[index] = place;
    }
  }
}

/**
 * How many slots in a row each destination takes before the next one has its turn: its last weight in units of what
 * divides them all, less its lower bits where the greatest has more than 6.
 *
 * Source: ip_vs_mh_permutate, ip_vs_mh_gcd_weight and ip_vs_mh_shift_weight.
 */
function turnsOf(destinations: readonly SchedulableDestination[]): Int32Array {
  let divisor = 0;
  let heaviest = 0;
  for (const { lastWeight } of destinations) {
    divisor = greatestCommonDivisor(divisor, lastWeight);
    heaviest = Math.max(heaviest, lastWeight);
  }
  const shift = divisor === 0 ? 0 : Math.max(0, 32 - Math.clz32(heaviest / divisor) - MAX_TURN_BITS);
  return Int32Array.from(destinations, ({ lastWeight }) =>
    lastWeight === 0 ? 0 : Math.max(1, (lastWeight / divisor) >>> shift),
  );
}

/**
 * The service's family says how many words of an address count: of an IPv6 tunnel end behind an IPv4 service, one.
 *
 * Source: ip_vs_mh_hashkey.
 */
function walkOf({ address, port }: SchedulableDestination, family: Family): Walk {
  const words = addressWords(address);
  const key = foldAddress(family === 4 ? words.subarray(0, 1) : words) + port;
  return {
    start: hsipHash(key, KEY_1) % TABLE_SIZE,
    pace: (hsipHash(key, KEY_2) % (TABLE_SIZE - 1)) + 1,
  };
}
