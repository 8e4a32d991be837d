#!/usr/bin/env node
/** The daemon's entry: options, signals, exit codes (0 stopped, 1 failed, 2 wrong command line). */
import { readFileSync } from 'node:fs';
import { messageOf, UipvsError } from '../base/error.js';
import { DAEMON_HELP, type DaemonOptions, parseDaemonOptions } from '../daemon/options.js';
import { restrictPrivileges } from '../daemon/privileges.js';

/** A stop that takes longer is cut: SIGTERM promises an end within 2 s. */
const STOP_DEADLINE_MS = 1800;

function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  const { version: number } = JSON.parse(text) as { version: string };
  return number;
}

// What is imported below is not read by the program that only gives up its privileges and begins anew: every tenth of a
// second of a restart is felt.

async function run(options: DaemonOptions, warning: string | null): Promise<void> {
  const { makeLogger } = await import('../daemon/logger.js');
  const { Daemon } = await import('../daemon/daemon.js');
  const log = makeLogger(options.logLevel);
  if (warning !== null) log.warn(warning);
  let hasBegun = false;
  // One that comes while the daemon begins waits for that: half of a beginning cannot be undone.
  const end = (code: number, how: 'stop' | 'leave'): void => {
    if (!hasBegun) process.exit(code);
    setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
    started
      .then((daemon) => daemon[how]())
      .then(() => process.exit(code))
      .catch((thrown: unknown) => {
        log.error(`stopping failed: ${messageOf(thrown)}`);
        process.exit(1);
      });
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => end(0, 'stop'));
  process.on('SIGUSR2', () => end(0, 'leave'));
  const fail = (thrown: unknown): void => {
    log.fatal({ stack: thrown instanceof Error ? thrown.stack : undefined }, messageOf(thrown));
    // As a crash: the next start goes on.
    end(1, 'leave');
  };
  process.on('uncaughtException', fail);
  process.on('unhandledRejection', fail);
  const started = Daemon.start(options, log, () => {
    hasBegun = true;
  });
  await started;
}

async function clean(options: DaemonOptions): Promise<void> {
  const { makeLogger } = await import('../daemon/logger.js');
  const { cleanUp } = await import('../daemon/clean-up.js');
  await cleanUp(options, makeLogger(options.logLevel));
}

async function main(): Promise<number | undefined> {
  try {
    const parsed = parseDaemonOptions(process.argv.slice(2), process.env);
    if (parsed.kind === 'help') process.stdout.write(DAEMON_HELP);
    else if (parsed.kind === 'version') process.stdout.write(`uipvsd ${version()}\n`);
    else {
      const warning = restrictPrivileges(parsed.options);
      if (parsed.kind === 'clean up') {
        await clean(parsed.options);
        return 0;
      }
      await run(parsed.options, warning);
      return undefined;
    }
    return 0;
  } catch (thrown) {
    process.stderr.write(`uipvsd: ${messageOf(thrown)}\n`);
    return thrown instanceof UipvsError && thrown.code === 'EINVAL' ? 2 : 1;
  }
}

const code = await main();
if (code === 1 || code === 2) process.exit(code);
