/** Which of the candidates still show what is looked for; all are tried side by side. */
export type Trial = (candidates: readonly (readonly string[])[]) => Promise<readonly boolean[]>;

/** Lines that only prepare; a story without them means nothing. */
const PREPARATION = /^(vip|mute|serve|vary) /;

/** Pieces that are left out at a time, in the first round and at most. */
const FEWEST_PIECES = 2;
const MOST_PIECES = 8;

/**
 * A story that shows the same and is as short as leaving out pieces of it makes it: halves at first, then smaller ones.
 * Source: Zeller and Hildebrandt, Simplifying and Isolating Failure-Inducing Input, 2002; its complements only.
 */
export async function shrink(story: readonly string[], trial: Trial): Promise<string[]> {
  const preparations = story.filter((line) => PREPARATION.test(line));
  let rest = story.filter((line) => !PREPARATION.test(line));
  let size = Math.ceil(rest.length / FEWEST_PIECES);
  while (size >= 1) {
    const shorter = await withoutOnePiece(preparations, rest, size, trial);
    if (shorter !== null) {
      rest = shorter;
      size = Math.min(size, Math.ceil(rest.length / FEWEST_PIECES));
    } else if (size === 1) {
      break;
    } else {
      size = Math.ceil(size / 2);
    }
  }
  return [...preparations, ...rest];
}

/** The first that still shows it of those without one piece of `size` lines, tried a few at a time; null where none does. */
async function withoutOnePiece(
  preparations: readonly string[],
  rest: readonly string[],
  size: number,
  trial: Trial,
): Promise<string[] | null> {
  const starts = Array.from({ length: Math.ceil(rest.length / size) }, (_, index) => index * size);
  for (let first = 0; first < starts.length; first += MOST_PIECES) {
    const candidates = starts
      .slice(first, first + MOST_PIECES)
      .map((start) => [...rest.slice(0, start), ...rest.slice(start + size)]);
    const shows = await trial(candidates.map((lines) => [...preparations, ...lines]));
    const found = candidates.find((_, index) => shows[index]);
    if (found !== undefined) return found;
  }
  return null;
}
