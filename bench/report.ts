import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { execute } from '../test/lab/exec.js';
import { page } from './charts/page.js';
import { chart } from './charts/picture.js';
import type { Outcome, Plan } from './run.js';
import { summarize } from './summary.js';
import type { Judgement } from './targets.js';

/** Where and what was measured. */
export interface Circumstances {
  readonly processor: string;
  readonly processors: number;
  readonly memoryMegabytes: number;
  readonly kernel: string;
  readonly node: string;
  /** Short commit id, with `-dirty` for a changed tree; `unknown` outside a repository. */
  readonly commit: string;
  /** Versions of the programs that took part, in their own words. */
  readonly programs: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

/** How each program is asked for its version. */
const VERSION_OPTIONS: Readonly<Record<string, string>> = {
  curl: '-V',
  haproxy: '-v',
  iperf3: '--version',
  nft: '--version',
  nginx: '-v',
  sockperf: '--version',
  wrk: '-v',
};

/** The repository, seen from `dist/bench`. */
const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));

/** Look at this machine. */
export async function circumstances(programs: readonly string[]): Promise<Circumstances> {
  const startedAt = new Date().toISOString();
  const processors = os.cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    processors: processors.length,
    memoryMegabytes: Math.round(os.totalmem() / 2 ** 20),
    kernel: os.release(),
    node: process.version,
    commit: await commit(),
    programs: Object.fromEntries(
      await Promise.all(programs.map(async (name) => [name, await version(name)])),
    ),
    startedAt,
  };
}

/**
 * Write the raw samples with their summaries as JSON, a picture, and a page of charts. A complete run becomes `latest`
 * and is kept under its date and commit; any other only replaces `partial`. Gives back the paths.
 */
export function writeResults(
  plan: Plan,
  isComplete: boolean,
  where: Circumstances,
  { samples, unavailable }: Outcome,
  judgements: readonly Judgement[],
): string[] {
  const directory = path.join(REPOSITORY, 'bench', 'results');
  mkdirSync(directory, { recursive: true });
  const summaries = summarize(samples);
  const json = `${JSON.stringify(
    {
      ...where,
      finishedAt: new Date().toISOString(),
      rounds: plan.rounds,
      ...plan.durations,
      trials: plan.trials.map(({ name, title, unit, better, operation }) => ({
        name,
        title,
        unit,
        better,
        operation,
      })),
      peers: plan.peers.map(({ name, title, description }) => ({ name, title, description })),
      unavailable: Object.fromEntries(unavailable),
      targets: judgements,
      summaries,
      samples,
    },
    null,
    2,
  )}\n`;
  const date = where.startedAt.slice(0, 10);
  const subtitle = `${where.processors} x ${where.processor}, Linux ${where.kernel}, Node.js ${where.node}, ${where.commit}, ${date}`;
  const findings = { trials: plan.trials, peers: plan.peers, summaries, unavailable };
  const svg = chart(findings, subtitle);
  const html = page(findings, judgements, subtitle);
  const names = isComplete ? ['latest', `${date}-${where.commit}`] : ['partial'];
  return names.flatMap((name) => {
    return Object.entries({ json, svg, html }).map(([ending, text]) => {
      const file = path.join(directory, `${name}.${ending}`);
      writeFileSync(file, text);
      return file;
    });
  });
}

async function commit(): Promise<string> {
  const git = (...args: string[]) => execute(['git', '-C', REPOSITORY, ...args]);
  const head = await git('rev-parse', '--short', 'HEAD');
  if (head.status !== 0) return 'unknown';
  const changes = await git('status', '--porcelain', '--untracked-files=no');
  return `${head.stdout.trim()}${changes.stdout.trim() === '' ? '' : '-dirty'}`;
}

async function version(program: string): Promise<string> {
  const { stdout, stderr } = await execute([program, VERSION_OPTIONS[program] ?? '--version']);
  return (
    (stdout || stderr)
      .split('\n')
      .find((line) => /\d/.test(line))
      ?.trim() ?? 'unknown'
  );
}
