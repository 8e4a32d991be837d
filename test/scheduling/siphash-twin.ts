const MASK = (1n << 64n) - 1n;

function rotate(word: bigint, by: bigint): bigint {
  return ((word << by) | (word >> (64n - by))) & MASK;
}

function round([a, b, c, d]: readonly bigint[]): bigint[] {
  let [v0, v1, v2, v3] = [a!, b!, c!, d!];
  v0 = (v0 + v1) & MASK;
  v1 = rotate(v1, 13n) ^ v0;
  v0 = rotate(v0, 32n);
  v2 = (v2 + v3) & MASK;
  v3 = rotate(v3, 16n) ^ v2;
  v0 = (v0 + v3) & MASK;
  v3 = rotate(v3, 21n) ^ v0;
  v2 = (v2 + v1) & MASK;
  v1 = rotate(v1, 17n) ^ v2;
  v2 = rotate(v2, 32n);
  return [v0, v1, v2, v3];
}

/**
 * SipHash-1-3 of the four bytes of `value`, least significant first, cut to 32 bits: as the paper has it, in integers
 * of any size.
 */
export function siphashTwin(value: number, key: readonly [bigint, bigint]): number {
  const message = (4n << 56n) | BigInt(value >>> 0);
  let state = [
    key[0] ^ 0x736f6d6570736575n,
    key[1] ^ 0x646f72616e646f6dn,
    key[0] ^ 0x6c7967656e657261n,
    key[1] ^ 0x7465646279746573n ^ message,
  ];
  state = round(state);
  state = [state[0]! ^ message, state[1]!, state[2]! ^ 0xffn, state[3]!];
  for (let last = 0; last < 3; last += 1) state = round(state);
  return Number((state[0]! ^ state[1]! ^ state[2]! ^ state[3]!) & 0xffffffffn);
}
