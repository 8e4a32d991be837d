/**
 * Runs the TypeScript tests: `run.js unit | e2e | uml | conformance | all`, or `run.js e2e tun | packet` for one device.
 *
 * Unit tests need no rights; the others need root, /dev/net/tun and the Debian packages that `.ci/setup test` installs,
 * and say so and fail where something is missing. The end-to-end tests run on both devices, by which packets come in.
 */
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BENCH = fileURLToPath(new URL('../bench/', import.meta.url));
/** Folders whose tests make network namespaces. */
const E2E_FOLDERS: readonly string[] = ['lab', 'host', 'e2e', 'demo'];
/** Those that run in user-mode Linux. */
const UML_FOLDER = 'uml';
/** Those of e2e/ that have the machine to themselves: they measure time, or make much work. */
const ALONE: readonly string[] = [
  'blocked-event-loop',
  'bulk',
  'control-spam',
  'flood-throughput',
  'many-connections',
  'many-services',
  'scale',
  'survival',
  'workers',
];
/** Those of e2e/ that are no other on the second device, or name their device themselves. */
const ON_ONE_DEVICE: readonly string[] = [
  'bad-commands',
  'control-socket',
  'descriptor-store',
  'inspection',
  'interfaces',
  'ldirectord',
  'life',
  'many-services',
  'node-exporter',
  'planted-files',
  'refusals',
  'rights',
  'scale',
  'tun-offloads',
];
/** Test files at a time: most of what they do is wait, each in namespaces of its own. */
const TOGETHER = 3;
/** Of daemons: packets are not to wait for what other tests make of the machine. */
const NICENESS = '-10';
/** The longest takes three minutes on a slow machine; one that hangs is ended. */
const FILE_LIMIT_MS = 900_000;

type Device = 'tun' | 'packet';
const DEVICES: readonly Device[] = ['tun', 'packet'];

function testFiles(isWanted: (folder: string) => boolean): readonly string[] {
  return readdirSync(HERE, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.test.js') && isWanted(path.split('/')[0] ?? ''))
    .map((path) => `${HERE}${path}`)
    .sort();
}

function benchTestFiles(): readonly string[] {
  return readdirSync(BENCH)
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => `${BENCH}${name}`);
}

function run(argv: readonly string[]): boolean {
  const { status, error } = spawnSync(process.execPath, [...argv], { stdio: 'inherit' });
  if (error) process.stderr.write(`${error.message}\n`);
  return status === 0;
}

function nodeTest(files: readonly string[]): boolean {
  if (files.length === 0) throw new Error('no test files found: was the project built?');
  return run(['--test', '--test-reporter=spec', ...files]);
}

function isOneOf(names: readonly string[]): (file: string) => boolean {
  return (file) => names.includes(basename(file, '.test.js'));
}

async function endToEnd(device: Device): Promise<boolean> {
  process.stdout.write(`\n-- --io ${device} --\n`);
  const isWanted = (folder: string): boolean =>
    device === 'tun' ? E2E_FOLDERS.includes(folder) : folder === 'e2e';
  const isOnOneDevice = isOneOf(ON_ONE_DEVICE);
  const files = testFiles(isWanted).filter((file) => device === 'tun' || !isOnOneDevice(file));
  const isAlone = isOneOf(ALONE);
  const env = { UIPVS_TEST_IO: device };
  const together = files.filter((file) => !isAlone(file));
  const failed = [
    ...(await runFiles(together, TOGETHER, env)),
    ...(await runFiles(files.filter(isAlone), 1, env)),
  ];
  if (failed.length === 0) return true;
  // Tests beside each other are late where the machine is small: what fails then must pass with the machine to itself.
  process.stdout.write(`\n-- once more, alone: ${failed.map((file) => basename(file)).join(', ')} --\n`);
  const stillFailed = await runFiles(failed, 1, env);
  for (const file of failed.filter((each) => !stillFailed.includes(each)))
    process.stdout.write(`passed alone, failed before: ${basename(file)}, --io ${device}\n`);
  return stillFailed.length === 0;
}

/** Runs so many files at a time, prints what each says when it has ended, and returns those that failed. */
async function runFiles(
  files: readonly string[],
  atATime: number,
  env: NodeJS.ProcessEnv,
): Promise<readonly string[]> {
  const waiting = [...files];
  const failed: string[] = [];
  const runner = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      if (!(await runFile(file, env))) failed.push(file);
    }
  };
  await Promise.all(Array.from({ length: atATime }, runner));
  return failed;
}

function runFile(file: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  return new Promise((resolve) => {
    const argv = ['--test', '--test-reporter=spec', file];
    const options = {
      env: { ...process.env, ...env },
      timeout: FILE_LIMIT_MS,
      killSignal: 'SIGKILL',
    } as const;
    const child = spawn(process.execPath, argv, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const said: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece: Buffer) => said.push(piece));
    child.on('error', (error) => said.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (status) => {
      process.stdout.write(`\n${basename(file)}: ${status === 0 ? 'passed' : 'FAILED'}\n`);
      process.stdout.write(Buffer.concat(said));
      resolve(status === 0);
    });
  });
}

type Suite = (words: readonly string[]) => boolean | Promise<boolean>;

const SUITES: Readonly<Record<string, Suite>> = {
  unit: () =>
    nodeTest([
      ...testFiles((folder) => folder !== UML_FOLDER && !E2E_FOLDERS.includes(folder)),
      ...benchTestFiles(),
    ]),
  e2e: async (words) => {
    let isGood = true;
    for (const device of DEVICES) {
      if (words.length === 0 || words.includes(device)) isGood = (await endToEnd(device)) && isGood;
    }
    return isGood;
  },
  uml: (words) => run([`${HERE}uml/run.js`, ...words]),
  conformance: (words) => run([`${HERE}conformance/run.js`, ...words]),
};

process.env.UIPVS_TEST_NICENESS = NICENESS;
const [wanted = 'all', ...words] = process.argv.slice(2);
const names = wanted === 'all' ? Object.keys(SUITES) : [wanted];
const failed: string[] = [];
for (const name of names) {
  const suite = SUITES[name];
  if (!suite) throw new Error(`Expected ${Object.keys(SUITES).join(', ')} or all but received '${name}'`);
  process.stdout.write(`\n== ${name} ==\n`);
  if (!(await suite(words))) failed.push(name);
}
if (failed.length > 0) {
  process.stderr.write(`\nfailed: ${failed.join(', ')}\n`);
  process.exit(1);
}
