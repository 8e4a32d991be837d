import { mkdirSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { executeOk } from '../../test/lab/exec.js';

/** The repository, seen from `dist/bench/tools`. */
const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const SOURCES = path.join(REPOSITORY, 'bench', 'tools', 'native');
const PROGRAMS = path.join(REPOSITORY, 'build', 'bench');

const FLAGS = [
  '-O2',
  '-std=c++20',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-fno-exceptions',
  '-fno-rtti',
  '-pthread',
];
const COMPILE_TIMEOUT_MS = 120_000;

/** Loads that no stock program makes: each is one source file of `bench/tools/native`. */
const TOOLS = ['echo_load', 'flow_sender'] as const;

/** Where a tool is, once {@link buildTools} has returned. */
export function toolPath(tool: (typeof TOOLS)[number]): string {
  return path.join(PROGRAMS, tool);
}

/** Compile the tools whose sources have changed, with the compiler of the addon. Throws EIO with its words. */
export async function buildTools(): Promise<void> {
  mkdirSync(PROGRAMS, { recursive: true });
  const changedAt = Math.max(...readdirSync(SOURCES).map((name) => modifiedMs(path.join(SOURCES, name))));
  for (const tool of TOOLS.filter((name) => modifiedMs(toolPath(name)) < changedAt)) {
    const source = path.join(SOURCES, `${tool}.cc`);
    await executeOk(['g++', ...FLAGS, '-o', toolPath(tool), source], { timeoutMs: COMPILE_TIMEOUT_MS });
  }
}

/** 0 for a file that is not there. */
function modifiedMs(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
