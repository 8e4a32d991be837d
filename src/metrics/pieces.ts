/** About a millisecond's work where each line needs a listing made for it. */
const LINES_PER_PIECE = 256;

/** The lines, joined to pieces of up to LINES_PER_PIECE; no piece where there is no line. */
export function* inPieces(lines: Iterable<string>): Generator<string> {
  let piece = '';
  let left = LINES_PER_PIECE;
  for (const line of lines) {
    piece += line;
    left -= 1;
    if (left > 0) continue;
    yield piece;
    piece = '';
    left = LINES_PER_PIECE;
  }
  if (piece !== '') yield piece;
}
