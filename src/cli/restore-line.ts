/** The lines that `-R` reads. */

const COMMENT = /^\s*#/;
const BLANKS = /[ \t\r\n]+/;

/** The words of a line, without the program's name in front; empty where there is no command in it. */
export function splitLine(line: string): string[] {
  // Differs from ipvsadm: comment lines are skipped here and not only by the ipvsadm-restore script.
  if (COMMENT.test(line)) return [];
  const words = line.split(BLANKS);
  if (words[0] === '') words.shift();
  if (words.at(-1) === '') words.pop();
  while (words[0] === 'ipvsadm' || words[0] === 'uipvsadm') words.shift();
  return words;
}

/** Its lines, as many at once as have come; the last may lack its end. */
export async function* linesOf(input: NodeJS.ReadableStream): AsyncGenerator<readonly string[], void, void> {
  let rest = '';
  input.setEncoding('utf8');
  for await (const chunk of input) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (lines.length > 0) yield lines;
  }
  if (rest !== '') yield [rest];
}
