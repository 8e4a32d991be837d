/** What others have written and the daemon runs: few packages, each the very one that was chosen, and none acts when installed. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

interface Locked {
  readonly dev?: boolean;
  readonly integrity?: string;
  readonly hasInstallScript?: boolean;
}

function json<Content>(name: string): Content {
  return JSON.parse(readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8')) as Content;
}

const { packages } = json<{ packages: Readonly<Record<string, Locked>> }>('package-lock.json');
const atRunTime = Object.entries(packages).filter(([path, { dev = false }]) => path !== '' && !dev);

test('at run time there are three dependencies, and 18 packages with theirs', () => {
  const { dependencies } = json<{ dependencies: Readonly<Record<string, string>> }>('package.json');
  assert.deepEqual(Object.keys(dependencies), ['lru-cache', 'pino', 'prom-client']);
  assert.equal(atRunTime.length, 18, atRunTime.map(([path]) => path).join());
});

test('every package is pinned by its SHA-512', () => {
  for (const [path, { integrity }] of Object.entries(packages))
    if (path !== '') assert.match(integrity ?? '', /^sha512-/, path);
});

test('no package that is used at run time runs anything when it is installed', () => {
  for (const [path, { hasInstallScript = false }] of atRunTime) assert.equal(hasInstallScript, false, path);
});
