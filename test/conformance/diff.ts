/** Lines of unchanged text around a change. */
const CONTEXT = 2;

type Edit = readonly [mark: ' ' | '-' | '+', line: string];

/** A unified diff of two texts without its file headers, or '' where they are equal, byte for byte. */
export function unifiedDiff(before: string, after: string): string {
  if (before === after) return '';
  const edits = editsBetween(before.split('\n'), after.split('\n'));
  const isShown = edits.map((_, index) =>
    edits.slice(Math.max(0, index - CONTEXT), index + CONTEXT + 1).some(([mark]) => mark !== ' '),
  );
  let [oldLine, newLine] = [1, 1];
  const lines: string[] = [];
  for (const [index, [mark, line]] of edits.entries()) {
    if (isShown[index] === true) {
      if (isShown[index - 1] !== true) lines.push(`@@ -${oldLine} +${newLine} @@`);
      lines.push(`${mark}${line}`);
    }
    if (mark !== '+') oldLine += 1;
    if (mark !== '-') newLine += 1;
  }
  return lines.join('\n');
}

/** The shortest edits, by a table of longest common subsequences: transcripts have a few hundred lines. */
function editsBetween(before: readonly string[], after: readonly string[]): Edit[] {
  const common = Array.from({ length: before.length + 1 }, () => new Array<number>(after.length + 1).fill(0));
  for (let i = before.length - 1; i >= 0; i -= 1) {
    for (let j = after.length - 1; j >= 0; j -= 1) {
      const isSame = before[i] === after[j];
      common[i]![j] = isSame ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
    }
  }
  const edits: Edit[] = [];
  let [i, j] = [0, 0];
  while (i < before.length || j < after.length) {
    if (i < before.length && j < after.length && before[i] === after[j]) {
      edits.push([' ', before[i]!]);
      i += 1;
      j += 1;
    } else if (j >= after.length || (i < before.length && common[i + 1]![j]! >= common[i]![j + 1]!)) {
      edits.push(['-', before[i]!]);
      i += 1;
    } else {
      edits.push(['+', after[j]!]);
      j += 1;
    }
  }
  return edits;
}
