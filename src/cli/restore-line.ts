/** The lines that `-R` reads. */

/** The words of a line, without the program's name in front; empty where there is no command in it. */
export function splitLine(line: string): string[] {
  // Differs from ipvsadm: comment lines are skipped here and not only by the ipvsadm-restore script.
  if (/^\s*#/.test(line)) return [];
  const words = line.split(/[ \t\r\n]+/).filter((word) => word !== '');
  while (words[0] === 'ipvsadm' || words[0] === 'uipvsadm') words.shift();
  return words;
}

/** Line by line; the last may lack its end. */
export async function* linesOf(input: NodeJS.ReadableStream): AsyncGenerator<string, void, void> {
  let rest = '';
  input.setEncoding('utf8');
  for await (const chunk of input) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
  if (rest !== '') yield rest;
}
