/** The folders of src and native may only use those named before them in the layout. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SRC_ORDER: readonly string[] = [
  'base',
  'net',
  'ipvs',
  'scheduling',
  'engine',
  'host',
  'health',
  'control',
  'config',
  'metrics',
  'replay',
  'web',
  'cli',
  'daemon',
  'bin',
];
const NATIVE_ORDER: readonly string[] = ['core', 'io', 'engine', 'napi'];

interface Import {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

function files(folder: string, endings: readonly string[]): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).filter((path) =>
    endings.some((ending) => path.endsWith(ending)),
  );
}

function violations(imports: readonly Import[], order: readonly string[]): readonly string[] {
  return imports
    .filter(({ from, to }) => !order.includes(to) || order.indexOf(to) > order.indexOf(from))
    .map(({ file, to }) => `${file} uses ${to}`);
}

test('a folder of src imports only itself and those before it', () => {
  const imports = files('src', ['.ts']).flatMap((file) => {
    const text = readFileSync(join(ROOT, 'src', file), 'utf8');
    return [...text.matchAll(/from '(\.[^']+)'|import '(\.[^']+)'/g)].map((match): Import => {
      const target = normalize(join(dirname(file), match[1] ?? match[2] ?? ''));
      return { file: `src/${file}`, from: file.split(sep)[0] ?? '', to: target.split(sep)[0] ?? '' };
    });
  });
  assert.ok(imports.length > 50, `only ${imports.length} imports were found`);
  assert.deepEqual(violations(imports, SRC_ORDER), []);
});

test('a folder of native includes only itself and those before it', () => {
  const imports = files('native', ['.h', '.cc']).flatMap((file) => {
    const text = readFileSync(join(ROOT, 'native', file), 'utf8');
    return [...text.matchAll(/#include "([^"/]+)\//g)].map((match): Import => {
      return { file: `native/${file}`, from: file.split(sep)[0] ?? '', to: match[1] ?? '' };
    });
  });
  assert.ok(imports.length > 30, `only ${imports.length} includes were found`);
  assert.deepEqual(violations(imports, NATIVE_ORDER), []);
});

test('the native core makes no system call and knows no Node', () => {
  const forbidden = /#include <(sys\/|unistd|fcntl|poll|node|napi|uv|linux\/|net\/|pthread|thread|mutex)/;
  const offenders = files('native/core', ['.h', '.cc']).filter((file) =>
    forbidden.test(readFileSync(join(ROOT, 'native/core', file), 'utf8')),
  );
  assert.deepEqual(offenders, []);
});

test('the top level holds what the project fixed and nothing else', () => {
  const expected = new Set(['src', 'native', 'test', 'bench', 'dist', 'build', 'node_modules']);
  const folders = readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => entry.name);
  assert.deepEqual(
    folders.filter((name) => !expected.has(name)),
    [],
  );
});
