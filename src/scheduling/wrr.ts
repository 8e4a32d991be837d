import type { SchedulableDestination, Scheduler } from '../ipvs/scheduler.js';
import { isUsable } from '../ipvs/usable.js';
import { greatestCommonDivisor } from './common-divisor.js';

/** The cursor at the start of a walk: the head of the list, ahead of every destination. */
const HEAD = -1;

/**
 * Where the round stands. A round has levels: the list is walked at `topLevel`, then at one `step` less, and so on
 * while the level is above 0; at each level every destination of at least that weight has a turn. Levels are 1 more
 * than a multiple of `step`.
 */
interface WrrState {
  /** Index of the last choice, or HEAD. */
  cursor: number;
  level: number;
  /** Level of the first walk: the greatest weight less (step - 1); 0 when every destination is quiesced. */
  topLevel: number;
  /** Greatest common divisor of the weights above 0; 1 where there is none. */
  step: number;
}

/**
 * Weighted round robin: in a round every destination has as many turns, in units of the weights' greatest common
 * divisor, as its weight says, the heavier ones first. Weights 4, 3 and 2 of A, B and C give AABABCABC.
 *
 * Any addition, deletion or edit goes back to the head of the list, at about the level reached.
 *
 * Source: net/netfilter/ipvs/ip_vs_wrr.c, ip_vs_wrr_schedule and ip_vs_wrr_dest_changed. Differs from the kernel:
 * levels above the heaviest usable destination are skipped in one step, because walking 2^31 of them would stop all
 * other services; the choices are the same.
 */
export const wrr: Scheduler<WrrState> = {
  name: 'wrr',

  init({ destinations }) {
    const state = { cursor: HEAD, level: 0, topLevel: 0, step: 1 };
    restart(state, destinations);
    return state;
  },

  destinationAdded: ({ state, destinations }) => restart(state, destinations),
  destinationRemoved: ({ state, destinations }) => restart(state, destinations),
  destinationEdited: ({ state, destinations }) => restart(state, destinations),

  schedule({ state, destinations }) {
    const inThisWalk = nextAtLevel(destinations, state.cursor, state.level);
    if (inThisWalk !== HEAD) return take(state, destinations, inThisWalk);
    const heaviest = heaviestUsable(destinations);
    if (heaviest === 0) {
      giveUp(state);
      return undefined;
    }
    let level = state.level - state.step;
    if (level <= 0) level = state.topLevel;
    if (level > heaviest) level -= Math.ceil((level - heaviest) / state.step) * state.step;
    state.level = level;
    return take(state, destinations, nextAtLevel(destinations, HEAD, level));
  },
};

/** Index of the first destination after `cursor` whose turn it is at `level`; HEAD where the walk ends without. */
function nextAtLevel(destinations: readonly SchedulableDestination[], cursor: number, level: number): number {
  for (let index = cursor + 1; index < destinations.length; index += 1) {
    const destination = destinations[index];
    if (destination !== undefined && destination.weight >= level && isUsable(destination)) return index;
  }
  return HEAD;
}

function take(
  state: WrrState,
  destinations: readonly SchedulableDestination[],
  index: number,
): SchedulableDestination | undefined {
  state.cursor = index;
  return destinations[index];
}

function heaviestUsable(destinations: readonly SchedulableDestination[]): number {
  let heaviest = 0;
  for (const destination of destinations) {
    if (destination.weight > heaviest && !destination.isOverloaded) heaviest = destination.weight;
  }
  return heaviest;
}

/**
 * Leaves the round where the kernel leaves it after a vain search: a search that began within the last level (it is
 * always 1) ends where it began, any other one at the end of a round. It shows once an edit carries the level over.
 */
function giveUp(state: WrrState): void {
  if (state.cursor !== HEAD && state.level <= state.step) return;
  state.cursor = HEAD;
  state.level = state.topLevel;
}

function restart(state: WrrState, destinations: readonly SchedulableDestination[]): void {
  let step = 0;
  let heaviest = 0;
  for (const { weight } of destinations) {
    if (weight > 0) step = greatestCommonDivisor(weight, step);
    if (weight > heaviest) heaviest = weight;
  }
  state.step = step === 0 ? 1 : step;
  state.topLevel = heaviest === 0 ? 0 : heaviest - (state.step - 1);
  state.cursor = HEAD;
  if (state.level > state.topLevel || state.level === 0) state.level = state.topLevel;
  else if (state.step > 1) state.level = Math.floor(state.level / state.step) * state.step + 1;
}
