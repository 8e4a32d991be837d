/**
 * Runs the TypeScript tests: `run.js unit | e2e | conformance | all`.
 *
 * Unit tests need no rights; the others need root, /dev/net/tun and the Debian packages that `.ci/setup test` installs,
 * and say so and fail where something is missing.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const BENCH = fileURLToPath(new URL('../bench/', import.meta.url));
/** Folders whose tests make network namespaces. */
const E2E_FOLDERS: readonly string[] = ['lab', 'host', 'e2e', 'demo'];

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

const SUITES: Readonly<Record<string, () => boolean>> = {
  unit: () => nodeTest([...testFiles((folder) => !E2E_FOLDERS.includes(folder)), ...benchTestFiles()]),
  e2e: () => nodeTest(testFiles((folder) => E2E_FOLDERS.includes(folder))),
  conformance: () => run([`${HERE}conformance/run.js`]),
};

const wanted = process.argv[2] ?? 'all';
const names = wanted === 'all' ? Object.keys(SUITES) : [wanted];
const failed = names.filter((name) => {
  const suite = SUITES[name];
  if (!suite) throw new Error(`Expected ${Object.keys(SUITES).join(', ')} or all but received '${name}'`);
  process.stdout.write(`\n== ${name} ==\n`);
  return !suite();
});
if (failed.length > 0) {
  process.stderr.write(`\nfailed: ${failed.join(', ')}\n`);
  process.exit(1);
}
