#!/usr/bin/env node
/** The program uipvsadm-restore: replaces the table by the lines of its standard input. See cli/save-restore.ts. */
import { endWithOutput, invocationOf, programName } from '../cli/program.js';
import { restoreAll } from '../cli/save-restore.js';

endWithOutput();
process.exitCode = await restoreAll(await invocationOf(programName()));
