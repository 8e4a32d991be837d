/**
 * Runs the TypeScript tests: `run.js unit | e2e | conformance | all`, or `run.js e2e tun | packet` for one device.
 *
 * Unit tests need no rights; the others need root, /dev/net/tun and the Debian packages that `.ci/setup test` installs,
 * and say so and fail where something is missing. The end-to-end tests run on both devices, by which packets come in.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BENCH = fileURLToPath(new URL('../bench/', import.meta.url));
/** Folders whose tests make network namespaces. */
const E2E_FOLDERS: readonly string[] = ['lab', 'host', 'e2e', 'demo'];
/** Those of e2e/ that have the machine to themselves: they measure time, or make much work. */
const ALONE: readonly string[] = [
  'blocked-event-loop',
  'bulk',
  'many-connections',
  'many-services',
  'scale',
  'survival',
];
/** Those of e2e/ that are no other on the second device, or name their device themselves. */
const ON_ONE_DEVICE: readonly string[] = [
  'control-socket',
  'inspection',
  'interfaces',
  'ldirectord',
  'life',
  'many-services',
  'node-exporter',
  'refusals',
  'rights',
  'scale',
];
/** Test files at a time: most of what they do is wait, each in namespaces of its own. */
const TOGETHER = 3;

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

function run(argv: readonly string[], env: NodeJS.ProcessEnv = {}): boolean {
  const { status, error } = spawnSync(process.execPath, [...argv], {
    env: { ...process.env, ...env },
    stdio: 'inherit',
  });
  if (error) process.stderr.write(`${error.message}\n`);
  return status === 0;
}

function nodeTest(files: readonly string[], atATime?: number, env?: NodeJS.ProcessEnv): boolean {
  if (files.length === 0) throw new Error('no test files found: was the project built?');
  const concurrency = atATime === undefined ? [] : [`--test-concurrency=${atATime}`];
  return run(['--test', '--test-reporter=spec', ...concurrency, ...files], env);
}

function isOneOf(names: readonly string[]): (file: string) => boolean {
  return (file) => names.includes(basename(file, '.test.js'));
}

function endToEnd(device: Device): boolean {
  process.stdout.write(`\n-- --io ${device} --\n`);
  const isWanted = (folder: string): boolean =>
    device === 'tun' ? E2E_FOLDERS.includes(folder) : folder === 'e2e';
  const isOnOneDevice = isOneOf(ON_ONE_DEVICE);
  const files = testFiles(isWanted).filter((file) => device === 'tun' || !isOnOneDevice(file));
  const isAlone = isOneOf(ALONE);
  const env = { UIPVS_TEST_IO: device };
  const together = nodeTest(
    files.filter((file) => !isAlone(file)),
    TOGETHER,
    env,
  );
  return nodeTest(files.filter(isAlone), 1, env) && together;
}

const SUITES: Readonly<Record<string, (words: readonly string[]) => boolean>> = {
  unit: () => nodeTest([...testFiles((folder) => !E2E_FOLDERS.includes(folder)), ...benchTestFiles()]),
  e2e: (words) => {
    const devices = DEVICES.filter((device) => words.length === 0 || words.includes(device));
    return devices.map((device) => endToEnd(device)).every(Boolean);
  },
  conformance: (words) => run([`${HERE}conformance/run.js`, ...words]),
};

const [wanted = 'all', ...words] = process.argv.slice(2);
const names = wanted === 'all' ? Object.keys(SUITES) : [wanted];
const failed = names.filter((name) => {
  const suite = SUITES[name];
  if (!suite) throw new Error(`Expected ${Object.keys(SUITES).join(', ')} or all but received '${name}'`);
  process.stdout.write(`\n== ${name} ==\n`);
  return !suite(words);
});
if (failed.length > 0) {
  process.stderr.write(`\nfailed: ${failed.join(', ')}\n`);
  process.exit(1);
}
