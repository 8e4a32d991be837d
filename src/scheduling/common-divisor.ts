/** The greatest common divisor of two integers of at least 0; of 0 and x it is x. */
export function greatestCommonDivisor(left: number, right: number): number {
  let [divisor, remainder] = [left, right];
  while (remainder !== 0) [divisor, remainder] = [remainder, divisor % remainder];
  return divisor;
}
