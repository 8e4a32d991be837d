/**
 * Theory of operation: the bench does the same work through uipvs and through its peers, on one machine, at nearly
 * the same time, because only ratios travel from machine to machine.
 *
 * A *trial* (trials/) is a kind of work: its real servers, the load of its client, its figure. A *peer* (peers/) is
 * a way from client to servers. Neither knows of the other; a *sample* is one of each in a fresh lab of network
 * namespaces (test/lab), measured after a warm-up. Samples are interleaved: for each trial, for each round, each
 * peer, and every round starts with another peer. What is shown is the median, with the least and the greatest.
 *
 * What makes such figures wrong, and what is done about it:
 * - Ports or connection entries used up by earlier samples: every sample has its own namespaces, all ports from
 *   1024 up, and TIME-WAIT reuse. A failed connection makes a fault, and a sample with a fault is thrown away, said
 *   so on screen, and taken once more.
 * - Other programs: their processor time is counted. A sample is taken again when they had more than 8% of the
 *   machine, as long as repetitions last; then it is kept and marked. Between samples the bench waits for the
 *   machine to be at rest, since removing namespaces takes time after the call.
 * - Limits of the servers: keep-alive requests and connections of nginx are raised, its log is off.
 * - A rate alone hides that one peer uses twice the processor: each sample has the busy time of the whole machine
 *   (from /proc/stat, which includes interrupts, client and servers) and of the director's processes, for one
 *   operation. The kernel's own NAT has no process; only the first of the two compares with it.
 *
 * A peer that turns out not to run here, such as a uipvs of an option this daemon does not have, has no further turn,
 * and every table and chart says so. What uipvs is to reach is in targets.ts; a run ends with what it did reach, and
 * never fails for it: a machine that is slow or busy is no fault of the program. A quick run takes what targets compare
 * and nothing else.
 *
 * Loads come from stock programs (wrk, iperf3, sockperf) and, for what those cannot do, from two small ones of our own
 * (tools/native): packets of very many clients, and messages at a fixed rate on open connections.
 *
 * Client, director and servers share the processors. That is harder on a user-space director than a machine of its
 * own would be: when the processors are all busy, a rate is the inverse of everybody's work together.
 */
import { messageOf } from '../src/base/error.js';
import { requirements } from '../test/lab/requirements.js';
import { readOptions, USAGE } from './options.js';
import { circumstances, writeResults } from './report.js';
import { type Plan, run } from './run.js';
import { summarize } from './summary.js';
import { table, targetTable } from './table.js';
import { judge, TARGETS, type Target } from './targets.js';
import { buildTools } from './tools/native-tools.js';

/** Programs that a plan runs, each once; the compiler is for the bench's own. */
function programsOf({ trials, peers }: Plan): string[] {
  return [...new Set([...trials, ...peers].flatMap(({ programs }) => programs).concat('g++'))].sort();
}

/** Whether all that a target compares takes part in a plan. */
function isMeasured({ quantity, against }: Target, { trials, peers }: Plan): boolean {
  return [quantity, against ?? quantity].every(
    ({ trial, peer }) => trials.some(({ name }) => name === trial) && peers.some(({ name }) => name === peer),
  );
}

async function main(args: readonly string[]): Promise<number> {
  const { plan, isComplete, isHelp } = readOptions(args);
  if (isHelp) {
    console.log(USAGE);
    return 0;
  }
  const programs = programsOf(plan);
  const missing = requirements(programs);
  if (missing !== null) {
    console.error(missing);
    return 1;
  }
  await buildTools();
  const where = await circumstances(programs);
  console.log(
    `${where.processors} x ${where.processor}, Linux ${where.kernel}, Node.js ${where.node}, ${where.commit}`,
  );
  for (const { name, description } of plan.peers) console.log(`  ${name.padEnd(18)} ${description}`);
  const startedAt = performance.now();
  const outcome = await run(plan, (line) => console.log(line));
  const summaries = summarize(outcome.samples);
  const targets = TARGETS.filter((target) => isMeasured(target, plan));
  const judgements = judge(summaries, new Set(outcome.unavailable.keys()), targets);
  console.log(`\n${table(plan.trials, plan.peers, summaries, outcome.unavailable)}`);
  if (judgements.length > 0) console.log(targetTable(judgements, plan.peers));
  for (const [name, reason] of outcome.unavailable) console.log(`not available: ${name}: ${reason}`);
  for (const file of writeResults(plan, isComplete, where, outcome, judgements))
    console.log(`written: ${file}`);
  console.log(`took ${Math.round((performance.now() - startedAt) / 1000)} s`);
  return outcome.samples.some(({ value }) => value !== null) ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 2;
}
