/**
 * Theory of operation: a soak is the life of a director in small: connections that last, others that come and go, TCP and
 * UDP, both families, bulk and small, while services and real servers are changed at random and the daemon is killed or
 * replaced. At the end nothing may be left of it: no wrong byte, no reset, and memory, open files, connections, policy
 * rules and routes as they were when it began.
 *
 *   npm run soak -- [--minutes N] [--io tun|packet] [--seed N]
 *
 * Needs what the end-to-end tests need, and root. Prints a line of figures every half minute, and what it found. Exits 0
 * when nothing is wrong, 1 when something is, 2 on a wrong command line.
 */
import { parseArgs } from 'node:util';
import { messageOf, UipvsError } from '../../src/base/error.js';
import { runSoak } from './run.js';

const USAGE = 'Usage: npm run soak -- [--minutes N] [--io tun|packet] [--seed N]';
const MAX_MINUTES = 24 * 60;
const MAX_SEED = 2 ** 31;

function number(name: string, text: string, most: number): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0 && value <= most) return value;
  throw new UipvsError('EINVAL', `Expected a number up to ${most} for ${name} but received '${text}'`);
}

function readPlan(): Parameters<typeof runSoak>[0] | null {
  const { values } = parseArgs({
    options: {
      minutes: { type: 'string', default: '30' },
      io: { type: 'string', default: 'tun' },
      seed: { type: 'string', default: String(1 + (Date.now() % 1_000_000)) },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const { io } = values;
  if (io !== 'tun' && io !== 'packet') {
    throw new UipvsError('EINVAL', `Expected tun or packet for --io but received '${io}'`);
  }
  return {
    io,
    minutes: number('--minutes', values.minutes, MAX_MINUTES),
    seed: Math.floor(number('--seed', values.seed, MAX_SEED)),
  };
}

async function main(): Promise<number> {
  try {
    const plan = readPlan();
    if (plan === null) {
      console.log(USAGE);
      return 0;
    }
    const faults = await runSoak(plan);
    for (const fault of faults) console.log(`WRONG: ${fault}`);
    console.log(faults.length === 0 ? 'nothing is wrong' : `${faults.length} things are wrong`);
    return faults.length === 0 ? 0 : 1;
  } catch (thrown) {
    console.error(`soak: ${messageOf(thrown)}`);
    const isWords = thrown instanceof UipvsError ? thrown.code === 'EINVAL' : thrown instanceof TypeError;
    if (isWords) console.error(USAGE);
    return isWords ? 2 : 1;
  }
}

// Labs end with the process.
process.exit(await main());
