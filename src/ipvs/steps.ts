/** Carries out all steps at once; returns what they yielded. */
export function runThrough<Yielded>(steps: Iterable<Yielded>): readonly Yielded[] {
  return [...steps];
}
