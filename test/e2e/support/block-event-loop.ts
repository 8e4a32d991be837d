/**
 * Preloaded into uipvsd (`node --import`): SIGURG stops its JavaScript for BLOCK_MS, as a very long garbage collection
 * or a scheduler caught in a loop would. One line on standard error before and one after, with the wall clock.
 *
 * The thread sleeps where it stands instead of burning a core, so that what a test measures meanwhile is the data plane,
 * not a fight for the processor.
 */
import { writeSync } from 'node:fs';
import { BLOCK_MS } from './block-report.js';

process.on('SIGURG', () => {
  writeSync(2, `blocked at ${Date.now()}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BLOCK_MS);
  writeSync(2, `free at ${Date.now()}\n`);
});
