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
 * Client, director and servers share the processors. That is harder on a user-space director than a machine of its
 * own would be: when the processors are all busy, a rate is the inverse of everybody's work together.
 */
import { messageOf } from '../src/base/error.js';
import { requirements } from '../test/lab/requirements.js';
import { readOptions, USAGE } from './options.js';
import { circumstances, writeResults } from './report.js';
import { type Plan, run } from './run.js';
import { summarize } from './summary.js';
import { table } from './table.js';

/** Programs that a plan runs, each once. */
function programsOf({ trials, peers }: Plan): string[] {
  return [...new Set([...trials, ...peers].flatMap(({ programs }) => programs))].sort();
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
  const where = await circumstances(programs);
  console.log(
    `${where.processors} x ${where.processor}, Linux ${where.kernel}, Node.js ${where.node}, ${where.commit}`,
  );
  for (const { name, description } of plan.peers) console.log(`  ${name.padEnd(16)} ${description}`);
  const samples = await run(plan, (line) => console.log(line));
  console.log(`\n${table(plan.trials, plan.peers, summarize(samples))}`);
  for (const file of writeResults(plan, isComplete, where, samples)) console.log(`written: ${file}`);
  return samples.some(({ value }) => value !== null) ? 0 : 1;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 2;
}
