/**
 * The programs uipvsadm-save and uipvsadm-restore, which stand for ipvsadm-save and ipvsadm-restore: `-S`, and `-C`
 * then `-R`, without the lines that begin with `#`.
 *
 * Source: what Debian's scripts of ipvsadm 1.31 were seen to do. As theirs, uipvsadm-restore looks at none of its
 * words. Differs: `-h` and `--help` of uipvsadm-restore are told, because waiting for input in order to clear the
 * table is no answer to them.
 */
import { Readable } from 'node:stream';
import { type Invocation, main } from './main.js';
import { linesOf } from './restore-line.js';

/** What a wrong word ends with. */
const EXIT_HELP = 1;

/** Prints the table; `-n` prints numbers. Gives back the exit code of `-S`, or 1 where a word is wrong. Never rejects. */
export async function save(invocation: Invocation): Promise<number> {
  const { words, program, output } = invocation;
  if (words.some((word) => word.startsWith('-') && word !== '-n')) {
    output.err(`${program} [-n]: print the table of services as ${wrapped(program)} reads it\n`);
    output.err('   -n   addresses and ports as numbers\n');
    return EXIT_HELP;
  }
  const options = words.includes('-n') ? ['-S', '-n'] : ['-S'];
  return main({ ...invocation, program: wrapped(program), words: options });
}

/**
 * Reads the whole input, clears the table, restores. Gives back the exit code of `-R`, even where `-C` failed, or 1
 * after telling its help. Rejects where the input cannot be read.
 */
export async function restoreAll(invocation: Invocation): Promise<number> {
  const { words, program, output } = invocation;
  if (words.some((word) => word === '-h' || word === '--help')) {
    output.err(`${program}: clear the table of services and make it anew from the lines of stdin\n`);
    return EXIT_HELP;
  }
  const texts: string[] = [];
  for await (const lines of linesOf(invocation.openInput()))
    texts.push(lines.flatMap((line) => (line.startsWith('#') ? [] : `${line}\n`)).join(''));
  const inner = { ...invocation, program: wrapped(program) };
  await main({ ...inner, words: ['-C'] });
  return main({ ...inner, words: ['-R'], openInput: () => Readable.from(texts) });
}

/** The name of the program that does the work: ipvsadm of ipvsadm-save. */
function wrapped(program: string): string {
  return program.replace(/-(save|restore)$/, '');
}
