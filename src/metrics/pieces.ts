/** About a millisecond's work where each line needs a listing made for it. */
const LINES_PER_PIECE = 256;

/** The lines, joined to pieces of up to so many; no piece where there is no line. */
export function* inPieces(lines: Iterable<string>, linesPerPiece = LINES_PER_PIECE): Generator<string> {
  let piece = '';
  let left = linesPerPiece;
  for (const line of lines) {
    piece += line;
    left -= 1;
    if (left > 0) continue;
    yield piece;
    piece = '';
    left = linesPerPiece;
  }
  if (piece !== '') yield piece;
}
