/** Texts that are nearly right: what is right, with a few characters of it changed. */
import fc from 'fast-check';

/** What means something in JSON, in names and in numbers, and what is in no text of ours. */
const PIECES: readonly string[] = [
  ...['"', '\\', '{', '}', '[', ']', ',', ':', ' ', '-', '+', '.', 'e9', '0', '1', '65536', '4294967296'],
  ...['null', 'true', '\\u0000', '\\ud800', '\u0000', '\n', 'é', '🙂', '__proto__', '10.9.0.1', '::'],
];

/** One number an edit: where, how much goes, and what comes there instead; cheap to make, and to shrink. */
function edit(text: string, number: number): string {
  const at = number % (text.length + 1);
  const rest = Math.floor(number / 4096);
  const gone = rest % 4;
  const piece = PIECES[Math.floor(rest / 4) % (PIECES.length + 2)] ?? '';
  return text.slice(0, at) + piece + text.slice(at + gone);
}

/** One of `texts`, each shorter than 4096 characters, with one edit to three. */
export function edited(texts: readonly string[]): fc.Arbitrary<string> {
  const number = fc.nat(4096 * 4 * (PIECES.length + 2) - 1);
  return fc
    .tuple(fc.constantFrom(...texts), number, number, number, fc.nat(2))
    .map(([text, first, second, third, more]) =>
      [first, second, third].slice(0, 1 + more).reduce(edit, text),
    );
}
