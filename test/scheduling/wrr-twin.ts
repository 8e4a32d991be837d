import type { SchedulableDestination, SchedulableService, Scheduler } from '../../src/ipvs/scheduler.js';

interface TwinState {
  level: number;
  /** Index of the slot last looked at; -1 before the first one of a walk. */
  place: number;
}

/**
 * wrr, slow and obvious: looks at one slot (a level and a destination) after another, through all levels, and gives up
 * when it has seen every destination refuse at the lowest level. Where the round is left then: within the list if the
 * search had come to a new round, otherwise at the beginning of the next round.
 */
export const wrrTwin: Scheduler<TwinState> = {
  name: 'wrr-twin',

  init: ({ destinations }) => ({ level: topLevel(destinations), place: -1 }),
  destinationAdded: startOver,
  destinationRemoved: startOver,
  destinationEdited: startOver,

  schedule({ destinations, state }) {
    if (destinations.every(({ weight }) => weight === 0)) return undefined;
    const step = stepOf(destinations);
    let refusals = 0;
    let isInNewRound = false;
    for (;;) {
      state.place += 1;
      const destination = destinations[state.place];
      if (destination === undefined) {
        state.place = -1;
        state.level -= step;
        if (state.level > 0) continue;
        state.level = topLevel(destinations);
        isInNewRound = true;
        if (refusals === destinations.length) return undefined;
        continue;
      }
      if (destination.weight >= state.level && !destination.isOverloaded) return destination;
      if (state.level <= step) refusals += 1;
      if (isInNewRound && refusals === destinations.length) return undefined;
    }
  },
};

function startOver({ destinations, state }: SchedulableService<TwinState>): void {
  const top = topLevel(destinations);
  const step = stepOf(destinations);
  state.place = -1;
  if (state.level === 0 || state.level > top) state.level = top;
  else if (step > 1) state.level = state.level - (state.level % step) + 1;
}

/** The greatest number that divides all weights; 1 where all are 0. */
function stepOf(destinations: readonly SchedulableDestination[]): number {
  const greatest = Math.max(0, ...destinations.map(({ weight }) => weight));
  for (let step = greatest; step > 1; step -= 1) {
    if (destinations.every(({ weight }) => weight % step === 0)) return step;
  }
  return 1;
}

function topLevel(destinations: readonly SchedulableDestination[]): number {
  const greatest = Math.max(0, ...destinations.map(({ weight }) => weight));
  return greatest === 0 ? 0 : greatest - stepOf(destinations) + 1;
}
