/**
 * Runs inside a network namespace and does to its HostPlumbing what the test says, a JSON line at a time.
 * With `killAfter` it kills itself when that many steps have changed the host or the journal.
 */
import { execFileSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { HostPlumbing } from '../../src/host/host-plumbing.js';
import { type HostSystem, type LineFailure, realSystem } from '../../src/host/system.js';
import type { ProtocolName } from '../../src/net/family.js';

export interface ChildOptions {
  readonly device: string;
  readonly table: number;
  readonly journalPath: string;
  readonly killAfter?: number;
  readonly answersOnLan?: boolean;
  readonly adopts?: boolean;
  /** Program that announces, with the arguments device and address. */
  readonly announcer?: string;
  readonly capturedProtocols?: readonly ProtocolName[];
  /** Default nft; the name of no program: there is no nftables. */
  readonly filterProgram?: string;
}

export interface Call {
  readonly method:
    | 'attachDevice'
    | 'addVirtualService'
    | 'removeVirtualService'
    | 'addRealServer'
    | 'removeRealServer'
    | 'tryAddRealServer'
    | 'tryRemoveRealServer'
    | 'addFirewallMark'
    | 'removeFirewallMark'
    | 'refresh'
    | 'followAddresses'
    | 'reservePorts'
    | 'setCaptureDevices'
    | 'disown'
    | 'close';
  readonly argument?: unknown;
}

export interface Answer {
  readonly code: string | null;
  /** Of the error, or what was returned. */
  readonly message: string;
}

/** The real system, in single steps; dies instead of taking the one after the last. */
function mortalSystem(system: HostSystem, killAfter: number): HostSystem {
  let steps = 0;
  const step = () => {
    if (steps === killAfter) process.kill(process.pid, 'SIGKILL');
    steps += 1;
  };
  return {
    ...system,
    async change(family, lines, mode) {
      const failures: LineFailure[] = [];
      for (const [line, text] of lines.entries()) {
        step();
        const [failure] = await system.change(family, [text], mode);
        if (failure !== undefined) failures.push({ ...failure, line });
        if (failure !== undefined && mode === 'until-failure') break;
      }
      return failures;
    },
    changeFilter: (script) => {
      step();
      return system.changeFilter(script);
    },
    writeSetting: (path, value) => {
      step();
      return system.writeSetting(path, value);
    },
    replaceText: (path, text) => {
      step();
      return system.replaceText(path, text);
    },
    removeFile: (path) => {
      step();
      return system.removeFile(path);
    },
  };
}

async function answerTo(action: () => Promise<unknown>): Promise<Answer> {
  try {
    const returned = await action();
    return { code: null, message: typeof returned === 'boolean' ? String(returned) : '' };
  } catch (thrown) {
    const { code, message } = thrown as NodeJS.ErrnoException;
    return { code: code ?? 'none', message };
  }
}

function announceBy(program: string): (device: string, address: string) => void {
  return (device, address) => {
    execFileSync(program, [device, address]);
  };
}

async function main(): Promise<void> {
  const { killAfter, announcer, filterProgram, ...options } = JSON.parse(
    process.argv[2] ?? '{}',
  ) as ChildOptions;
  const logged: string[] = [];
  const log = (level: string, sentence: string) => logged.push(`${level}: ${sentence}`);
  const onRoute = (address: string, route: unknown) =>
    logged.push(`route: ${address} ${JSON.stringify(route)}`);
  const onCapture = (capture: unknown) => logged.push(`capture: ${JSON.stringify(capture)}`);
  let plumbing: HostPlumbing | undefined;
  const say = (answers: Answer[]) => console.log(JSON.stringify({ answers, logged: logged.splice(0) }));
  const opened = await answerTo(async () => {
    const system = realSystem('ip', filterProgram);
    plumbing = await HostPlumbing.open(
      {
        ...{ ...options, log, onRoute, onCapture },
        ...(announcer === undefined ? {} : { announce: announceBy(announcer) }),
      },
      killAfter === undefined ? system : mortalSystem(system, killAfter),
    );
  });
  say([opened]);
  for await (const line of createInterface({ input: process.stdin })) {
    const calls = JSON.parse(line) as Call[];
    // Started together, without waiting for one another.
    say(
      await Promise.all(
        calls.map(({ method, argument }) =>
          answerTo(async () =>
            (plumbing![method] as (argument: unknown) => unknown).call(plumbing, argument),
          ),
        ),
      ),
    );
  }
}

await main();
