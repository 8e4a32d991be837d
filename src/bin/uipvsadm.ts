#!/usr/bin/env node
/** The program uipvsadm: ipvsadm's command line for uipvsd. See cli/main.ts. */
import { soleText } from '../cli/help.js';
import { endWithOutput, invocationOf, programName } from '../cli/program.js';

endWithOutput();
const program = programName();
const text = soleText(process.argv.slice(2), program);

if (text !== undefined) {
  process.stdout.write(text);
} else {
  const [{ main }, invocation] = await Promise.all([import('../cli/main.js'), invocationOf(program)]);
  process.exitCode = await main(invocation);
}
