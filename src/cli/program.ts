/** A program of the command line as a process: its words, streams and exit code. */
import { basename } from 'node:path';
import type { Invocation } from './main.js';

/** What a shell reports of a program that SIGPIPE ended. */
const EXIT_BROKEN_PIPE = 141;

/** Ends the process, without a word as ipvsadm does, when whoever reads its output has had enough. */
export function endWithOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      process.exit(error.code === 'EPIPE' ? EXIT_BROKEN_PIPE : 1);
    });
  }
}

/** The name that the program was started by, without `.js`. */
export function programName(): string {
  return basename(process.argv[1] ?? 'uipvsadm', '.js');
}

/** What the process says of the run: words, names, streams. `program` is the name in messages. */
export async function invocationOf(program: string): Promise<Invocation> {
  const [{ ServiceNames }, { systemResolver }] = await Promise.all([
    import('./service-name.js'),
    import('./resolver.js'),
  ]);
  return {
    words: process.argv.slice(2),
    program,
    socketVariable: process.env.UIPVS_SOCKET,
    services: new ServiceNames(),
    resolver: systemResolver,
    openInput: () => process.stdin,
    output: {
      out: (chunk) => process.stdout.write(chunk),
      err: (chunk) => process.stderr.write(chunk),
    },
  };
}
