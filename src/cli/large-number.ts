/** Counters as listings show them. */

const DIGITS_THAT_FIT = 8;

/** Each unit is used from its limit on; what is cut off is not rounded. */
const UNITS: readonly { readonly below: number; readonly divisor: number; readonly letter: string }[] = [
  { below: 1e9, divisor: 1e3, letter: 'K' },
  { below: 1e11, divisor: 1e6, letter: 'M' },
  { below: 1e14, divisor: 1e9, letter: 'G' },
  { below: Number.POSITIVE_INFINITY, divisor: 1e12, letter: 'T' },
];

/**
 * A blank and a column of eight: the number in full below 10^8, else in thousands and so on with a letter. With
 * `isExact` always in full, which may widen the column. Source: ipvsadm 1.31, observed.
 */
export function formatLargeNumber(value: number, isExact: boolean): string {
  const digits = String(value);
  if (isExact || value < 10 ** DIGITS_THAT_FIT) return ` ${digits.padStart(DIGITS_THAT_FIT)}`;
  const unit = UNITS.find((each) => value < each.below);
  if (unit === undefined) return ` ${digits.padStart(DIGITS_THAT_FIT)}`;
  return `${Math.floor(value / unit.divisor)}${unit.letter}`.padStart(DIGITS_THAT_FIT + 1);
}
