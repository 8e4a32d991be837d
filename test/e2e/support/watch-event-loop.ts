/**
 * Preloaded into uipvsd (`node --import`): watches how long its event loop is kept from other work, and its memory.
 * SIGURG, which a program without this ignores, writes what was seen since the last one as a line of JSON on standard
 * error: see loop-report.ts.
 *
 * Besides the delay by the clock, which is longer where other programs have the processor, it takes the processor time
 * that the thread used between two turns of a short timer: that is what uipvsd itself is to be blamed for.
 */
import { openSync, readSync, writeSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';
import { LOOP_REPORT, type LoopReport } from './loop-report.js';

const TIMER_MS = 2;
const MEMORY_PERIOD_MS = 20;
const NANOSECONDS = 1e6;

const delay = monitorEventLoopDelay({ resolution: TIMER_MS });
delay.enable();
const processorTimes = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
const buffer = Buffer.alloc(64);
let stretches: number[] = [];
let peakRssBytes = 0;
let peakHeldBytes = 0;

/** What JavaScript holds on to: all but its young generation, which is garbage for the most part. */
function heldBytes(): number {
  const isOld = (name: string): boolean => name === 'old_space' || name === 'large_object_space';
  return getHeapSpaceStatistics()
    .filter(({ space_name }) => isOld(space_name))
    .reduce((sum, { space_used_size }) => sum + space_used_size, process.memoryUsage().external);
}

function lookAtMemory(): void {
  peakRssBytes = Math.max(peakRssBytes, process.memoryUsage.rss());
  peakHeldBytes = Math.max(peakHeldBytes, heldBytes());
}

/** What the main thread has used of a processor. Source: Documentation/scheduler/sched-stats.rst. */
function processorMs(): number {
  const bytes = readSync(processorTimes, buffer, 0, buffer.length, 0);
  return Number(buffer.toString('latin1', 0, bytes).split(' ')[0]) / NANOSECONDS;
}

let before = processorMs();
setInterval(() => {
  const now = processorMs();
  stretches.push(now - before);
  before = now;
}, TIMER_MS).unref();
setInterval(lookAtMemory, MEMORY_PERIOD_MS).unref();

process.on('SIGURG', () => {
  lookAtMemory();
  stretches.sort((left, right) => left - right);
  const report: LoopReport = {
    delayP99Ms: delay.percentile(99) / NANOSECONDS,
    delayMaxMs: delay.max / NANOSECONDS,
    busyP99Ms: stretches[Math.floor(stretches.length * 0.99)] ?? 0,
    busyMaxMs: stretches.at(-1) ?? 0,
    rssBytes: process.memoryUsage.rss(),
    peakRssBytes,
    heldBytes: heldBytes(),
    peakHeldBytes,
  };
  delay.reset();
  stretches = [];
  peakRssBytes = 0;
  peakHeldBytes = 0;
  writeSync(2, `${LOOP_REPORT}${JSON.stringify(report)}\n`);
});
