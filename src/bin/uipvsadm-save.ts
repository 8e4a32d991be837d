#!/usr/bin/env node
/** The program uipvsadm-save: prints the table as lines for uipvsadm-restore. See cli/save-restore.ts. */
import { endWithOutput, invocationOf, programName } from '../cli/program.js';
import { save } from '../cli/save-restore.js';

endWithOutput();
process.exitCode = await save(await invocationOf(programName()));
