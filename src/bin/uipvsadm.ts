#!/usr/bin/env node
/** The program uipvsadm: ipvsadm's command line for uipvsd. See cli/main.ts. */
import { basename } from 'node:path';
import { soleText } from '../cli/help.js';

/** What a shell reports of a program that SIGPIPE ended. */
const EXIT_BROKEN_PIPE = 141;

// Whoever reads our output has had enough: end without a word, as ipvsadm does.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    process.exit(error.code === 'EPIPE' ? EXIT_BROKEN_PIPE : 1);
  });
}

const words = process.argv.slice(2);
const program = basename(process.argv[1] ?? 'uipvsadm', '.js');
const text = soleText(words, program);

if (text !== undefined) {
  process.stdout.write(text);
} else {
  const [{ main }, { ServiceNames }, { systemResolver }] = await Promise.all([
    import('../cli/main.js'),
    import('../cli/service-name.js'),
    import('../cli/resolver.js'),
  ]);
  process.exitCode = await main({
    words,
    program,
    socketVariable: process.env.UIPVS_SOCKET,
    services: new ServiceNames(),
    resolver: systemResolver,
    openInput: () => process.stdin,
    output: {
      out: (chunk) => process.stdout.write(chunk),
      err: (chunk) => process.stderr.write(chunk),
    },
  });
}
