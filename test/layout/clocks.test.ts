/**
 * A wall clock may be set while a daemon runs, by NTP or by hand, and then jumps. A test cannot set the clock of the machine
 * that it shares; it needs not: connections age by CLOCK_BOOTTIME, timers and measured times are monotonic (Node's timers
 * and performance.now(), poll()'s time-outs), and nothing that forwards or waits looks at the wall clock at all.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const IN_TYPESCRIPT = /\bnew Date\b|\bDate\.|\bDate\(/;
const IN_CPP =
  /CLOCK_REALTIME|CLOCK_TAI|gettimeofday|system_clock|\btime\s*\(\s*(?:0|NULL|nullptr|&)|\bftime\b|timespec_get|SO_TIMESTAMP/;

/** It compares with the time of a file, which is the wall clock's; at worst a dead process's guard stays longer. */
const ALLOWED: readonly string[] = ['src/host/host-lock.ts'];

function filesWith(folder: string, endings: readonly string[], pattern: RegExp): readonly string[] {
  const files = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  const sources = files.filter((path) => endings.some((ending) => path.endsWith(ending)));
  assert.ok(sources.length > 50, `only ${sources.length} files were found in ${folder}`);
  return sources
    .filter((path) => pattern.test(readFileSync(join(ROOT, folder, path), 'utf8')))
    .map((path) => `${folder}/${path}`);
}

test('nothing of the control plane looks at the wall clock, but for the age of a lock file', () => {
  assert.deepEqual(filesWith('src', ['.ts'], IN_TYPESCRIPT), ALLOWED);
});

test('nothing of the data plane looks at the wall clock', () => {
  assert.deepEqual(filesWith('native', ['.h', '.cc'], IN_CPP), []);
});

test('what ages in the data plane ages by the time since the host was started', () => {
  const text = readFileSync(join(ROOT, 'native/engine/boot_time.h'), 'utf8');
  assert.match(text, /clock_gettime\(CLOCK_BOOTTIME,/);
  assert.deepEqual(filesWith('native', ['.h', '.cc'], /clock_gettime|steady_clock|CLOCK_MONOTONIC/), [
    'native/engine/boot_time.h',
  ]);
});
