import type { SchedulableDestination } from './scheduler.js';

/** Whether `destination` may take a new connection: neither quiesced nor overloaded. */
export function isUsable(destination: SchedulableDestination): boolean {
  return destination.weight > 0 && !destination.isOverloaded;
}
