/**
 * Theory of operation: some of what uipvs meets cannot be tested on a kernel that lacks modules: VLANs (8021q), SCTP
 * (sctp), IPsec (esp4, esp6). User-mode Linux of Debian has them, so uipvs itself runs in it, with clients and servers
 * that speak all that:
 *
 *   run.ts, on the host                 init.ts, the first process in user-mode Linux
 *   plan.json: test files     ------->  mounts, modules (first-process.ts)
 *   prints output.txt         <-------  node --test stories.test.ts
 *   result.json               <-------  power off
 *
 * Its root is the host's file system, read-only, and so it runs what was built here; labs, daemons and peers are those of
 * ../lab and ../e2e. It is an older kernel, too, than most hosts have (6.1): what uipvs finds missing there, UDP
 * segmentation in the offload metadata for one, it must do without. It has no nftables for devices, so with `--io packet`
 * policy rules drop what is captured.
 *
 * The machine is slow: a system call is two switches between processes, and the start of a program thousands of those.
 * So one boot and one lab serve all stories; daemons change, since the ways of packets are their options. The stories of
 * a subject are a function in a file of its own; each is a test, with a verdict.
 *
 *   node run.js [test files...]
 *
 * Exits 0 when all stories pass, 1 on any failure or where something is missing.
 */
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf, UipvsError } from '../../src/base/error.js';
import { PLAN_FILE, planOfThisProcess } from './first-process.js';
import { OUTPUT_FILE, RESULT_FILE, type Result, type StoryPlan } from './story-protocol.js';
import { bootUserModeLinux, type Machine, machineRequirements } from './user-mode-linux.js';

const HERE = fileURLToPath(new URL('.', import.meta.url));
/** About ten Node processes, and the rings of four devices. */
const MACHINE: Machine = { init: path.join(HERE, 'init.js'), memoryMib: 768, isPinned: true };
const PROGRAMS = ['ethtool', 'nft', 'nstat', 'ping', 'python3', 'taskset', 'tcpdump'];
/** Two minutes where the host has nothing else to do. */
const LIMIT_MS = 1_200_000;
const PRINTED_EVERY_MS = 500;

/** Prints what is appended to a file, which need not be there yet; returns what prints the rest and ends it. */
function printAsItGrows(file: string): () => void {
  let printed = 0;
  const print = (): void => {
    if (!existsSync(file)) return;
    const descriptor = openSync(file, 'r');
    const piece = Buffer.alloc(1 << 16);
    for (;;) {
      const bytes = readSync(descriptor, piece, 0, piece.length, printed);
      if (bytes === 0) break;
      process.stdout.write(Buffer.from(piece.subarray(0, bytes)));
      printed += bytes;
    }
    closeSync(descriptor);
  };
  const timer = setInterval(print, PRINTED_EVERY_MS);
  return () => {
    clearInterval(timer);
    print();
  };
}

/** Whether all stories of the files pass. Throws ENOENT where the host lacks something, EIO when they cannot be told. */
async function tell(files: readonly string[]): Promise<boolean> {
  const missing = machineRequirements(1, MACHINE.memoryMib, PROGRAMS);
  if (missing !== null) throw new UipvsError('ENOENT', missing);
  const shared = mkdtempSync(path.join(tmpdir(), 'uipvs-stories-'));
  const endPrinting = printAsItGrows(path.join(shared, OUTPUT_FILE));
  try {
    const plan: StoryPlan = { ...planOfThisProcess(), files };
    writeFileSync(path.join(shared, PLAN_FILE), JSON.stringify(plan));
    const said = await bootUserModeLinux(MACHINE, shared, LIMIT_MS);
    const result = path.join(shared, RESULT_FILE);
    if (!existsSync(result)) {
      throw new UipvsError('EIO', `The machine ended before the stories did. Its kernel said: ${said}`);
    }
    const { isGood, failure } = JSON.parse(readFileSync(result, 'utf8')) as Result;
    if (failure !== undefined) {
      throw new UipvsError('EIO', `Expected the stories to begin but received: ${failure}`);
    }
    return isGood;
  } finally {
    endPrinting();
    rmSync(shared, { recursive: true, force: true });
  }
}

async function main(): Promise<number> {
  const named = process.argv.slice(2).map((file) => path.resolve(file));
  try {
    return (await tell(named.length > 0 ? named : [path.join(HERE, 'stories.test.js')])) ? 0 : 1;
  } catch (thrown) {
    console.error(`uml: ${messageOf(thrown)}`);
    return 1;
  }
}

process.exit(await main());
