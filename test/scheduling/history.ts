import fc from 'fast-check';
import type { FiveTuple } from '../../src/ipvs/scheduler.js';
import { FLOW } from '../ipvs/specs.js';
import type { TrialService } from './trial-service.js';

/** One thing that happens to a service. `at` points to a destination, modulo how many there are. */
export type Happening =
  | { readonly kind: 'add'; readonly weight: number }
  | { readonly kind: 'remove'; readonly at: number }
  | { readonly kind: 'edit'; readonly at: number; readonly weight: number }
  | { readonly kind: 'overload'; readonly at: number; readonly isOverloaded: boolean }
  | { readonly kind: 'choose' };

/** Histories in which most of the happenings are choices, so that rounds get somewhere between two changes. */
export function histories(weight: fc.Arbitrary<number>): fc.Arbitrary<Happening[]> {
  const at = fc.nat({ max: 7 });
  const choose = fc.constant<Happening>({ kind: 'choose' });
  return fc.array(
    fc.oneof(
      { weight: 16, arbitrary: choose },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('add' as const), weight }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), at }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant('edit' as const), at, weight }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('overload' as const), at, isOverloaded: fc.boolean() }),
      },
    ),
    { maxLength: 100, size: 'max' },
  );
}

/** Lets it happen; for a choice, of `flow`, returns what was chosen, or 'none'; otherwise null. */
export function happen(
  service: TrialService,
  happening: Happening,
  flow: FiveTuple = FLOW,
): number | 'none' | null {
  if (happening.kind === 'choose') return service.choose(flow) ?? 'none';
  if (happening.kind === 'add') {
    service.add(happening.weight);
    return null;
  }
  if (service.destinations.length === 0) return null;
  const index = happening.at % service.destinations.length;
  if (happening.kind === 'remove') service.remove(index);
  else if (happening.kind === 'edit') service.edit(index, happening.weight);
  else service.destinations[index]!.isOverloaded = happening.isOverloaded;
  return null;
}
