/**
 * Everything the host plumbing does to the machine goes through one small interface: the `ip` program, the settings
 * under /proc/sys, and the journal's file. Tests put a shim around the real one to die between two steps.
 */
import { closeSync, fsync, writeFile as writeToDescriptor } from 'node:fs';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { messageOf, UipvsError } from '../base/error.js';
import { createFile, readOwnFile } from '../base/own-file.js';
import { isNativeError, loadAddon } from '../engine/addon.js';
import type { Family } from '../net/family.js';
import { MAX_JOURNAL_BYTES } from './journal-check.js';
import { isSettingPath } from './setting-path.js';

export type Json = { readonly [field: string]: unknown };

/** One line of a batch that `ip` refused; `line` counts from 0. */
export interface LineFailure {
  readonly line: number;
  readonly reason: string;
}

export interface HostSystem {
  /** Runs one listing command (`ip -N -json ...`, numbers instead of names) and gives back its array. */
  list(family: Family, command: readonly string[]): Promise<readonly Json[]>;
  /** Runs one listing command a line; null where the kernel refused the line. */
  listEach(family: Family, lines: readonly string[]): Promise<readonly (Json | null)[]>;
  /** Runs changes in order; with `until-failure` those after the first refused line are not tried. */
  change(family: Family, lines: readonly string[], mode: 'all' | 'until-failure'): Promise<LineFailure[]>;
  /** Runs a script of nftables: all of it, or nothing and the answer is why. Null when it was done. */
  changeFilter(script: string): Promise<string | null>;
  /** What `nft -j` lists, such as ['list', 'chains', 'netdev']; null without nftables. */
  listFilter(command: readonly string[]): Promise<readonly Json[] | null>;
  /** The host's own addresses, those of devices that are up, in no order. Cheap: no program is run. */
  addresses(): readonly string[];
  /** A setting's text without the newline, or null where the kernel has no such setting. */
  readSetting(path: string): Promise<string | null>;
  /** Errors: those of write(2), EROFS in a container without its own /proc/sys; EINVAL for what is no setting of IP. */
  writeSetting(path: string, value: string): Promise<void>;
  /** Null when the file does not exist. Errors: EPERM where it can be somebody else's: own-file.ts. */
  readText(path: string): Promise<string | null>;
  /** Replaces the file durably and at once (mode 0600): a reader sees the old text or the new, never half. */
  replaceText(path: string, text: string): Promise<void>;
  removeFile(path: string): Promise<void>;
}

interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

// Specification: asm-generic/errno-base.h.
const ENOENT = 2;

/**
 * Runs it by the addon: Node would copy the process for it, which stops JavaScript for many milliseconds.
 *
 * @param origin the Debian package, for the error's sentence
 */
async function run(
  program: string,
  origin: string,
  options: readonly string[],
  input: string,
): Promise<Output> {
  const environment = Object.entries({ ...process.env, LC_ALL: 'C' }).map(
    ([name, value]) => `${name}=${value}`,
  );
  try {
    const [code, stdout, stderr] = await loadAddon().runProgram([program, ...options], environment, input);
    return { code, stdout, stderr };
  } catch (thrown) {
    const isMissing = isNativeError(thrown) && thrown.errno === ENOENT;
    const sentence = isMissing
      ? `The program "${program}" (package ${origin}) was not found in PATH`
      : `The program "${program}" could not be started: ${messageOf(thrown)}`;
    throw new UipvsError(isMissing ? 'ENOENT' : 'EIO', sentence, { cause: thrown });
  }
}

/**
 * What a batch printed on stderr, as refused lines: some text, then `Command failed -:LINE` counted from 1.
 * Source: iproute2 lib/utils.c, do_batch().
 */
export function parseBatchFailures(stderr: string): LineFailure[] {
  const failures: LineFailure[] = [];
  let reason: string[] = [];
  for (const text of stderr.split('\n')) {
    const number = /^Command failed -:(\d+)$/.exec(text)?.[1];
    if (number === undefined) {
      if (text.trim() !== '') reason.push(text.replace(/^RTNETLINK answers: |^Error: /, '').trim());
      continue;
    }
    failures.push({ line: Number(number) - 1, reason: reason.join('; ') || 'refused without a reason' });
    reason = [];
  }
  return failures;
}

function isJsonObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseListing(text: string): Json[] {
  if (text.trim() === '') return [];
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value))
    throw new UipvsError('EIO', `Expected an array from ip -json but received ${text}`);
  return value.filter(isJsonObject);
}

function isMissing(thrown: unknown): boolean {
  const code = (thrown as NodeJS.ErrnoException).code;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function readIfThere(path: string): Promise<string | null> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (isMissing(thrown)) return null;
    throw thrown;
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = createFile('The file', path, 0o600);
  try {
    await promisify(writeToDescriptor)(file, text);
    await promisify(fsync)(file);
  } finally {
    closeSync(file);
  }
}

/** The machine itself, in the network namespace of this process. Errors: ENOENT when `ip` is missing. */
export function realSystem(program = 'ip', filterProgram = 'nft'): HostSystem {
  const runIp = (name: string, options: readonly string[], input: string) =>
    run(name, 'iproute2', options, input);
  const runFilter = (options: readonly string[], input: string) =>
    run(filterProgram, 'nftables', options, input);
  return {
    async list(family, command) {
      const { code, stdout, stderr } = await runIp(program, [`-${family}`, '-N', '-json', ...command], '');
      // A table or an address family the kernel does not have is an empty one.
      if (/does not exist|not supported/.test(stderr)) return [];
      if (code === 0) return parseListing(stdout);
      throw new UipvsError(
        'EIO',
        `"ip ${command.join(' ')}" failed: ${stderr.trim() || `exit code ${code}`}`,
      );
    },

    async listEach(family, lines) {
      if (lines.length === 0) return [];
      const options = [`-${family}`, '-N', '-json', '-force', '-batch', '-'];
      const { stdout, stderr } = await runIp(program, options, `${lines.join('\n')}\n`);
      const failed = new Set(parseBatchFailures(stderr).map((failure) => failure.line));
      const answers = stdout.split('\n').filter((text) => text.trim() !== '');
      if (answers.length + failed.size !== lines.length) {
        throw new UipvsError(
          'EIO',
          `Expected ${lines.length} answers from ip but received ${answers.length}: ${stderr.trim()}`,
        );
      }
      let next = 0;
      return lines.map((_, line) =>
        failed.has(line) ? null : (parseListing(answers[next++] ?? '')[0] ?? null),
      );
    },

    async change(family, lines, mode) {
      if (lines.length === 0) return [];
      const force = mode === 'all' ? ['-force'] : [];
      const options = [`-${family}`, ...force, '-batch', '-'];
      const { code, stderr } = await runIp(program, options, `${lines.join('\n')}\n`);
      const failures = parseBatchFailures(stderr);
      if (code !== 0 && failures.length === 0) {
        throw new UipvsError('EIO', `"ip -batch" failed: ${stderr.trim() || `exit code ${code}`}`);
      }
      return failures;
    },

    async changeFilter(script) {
      try {
        const { code, stderr } = await runFilter(['-f', '-'], script);
        return code === 0 ? null : (stderr.split('\n')[0] ?? '').trim() || `exit code ${code}`;
      } catch (thrown) {
        return messageOf(thrown);
      }
    },

    async listFilter(command) {
      try {
        const { code, stdout } = await runFilter(['-j', ...command], '');
        const listed = code === 0 ? (JSON.parse(stdout) as { nftables?: readonly Json[] }) : {};
        return listed.nftables ?? null;
      } catch {
        return null;
      }
    },

    addresses: () =>
      Object.values(networkInterfaces()).flatMap((addresses) =>
        (addresses ?? []).map(({ address }) => address),
      ),
    readSetting: async (path) => (await readIfThere(path))?.trimEnd() ?? null,

    async writeSetting(path, value) {
      if (!isSettingPath(path))
        throw new UipvsError('EINVAL', `Expected a setting of IP to write but received ${path}`);
      await writeFile(path, `${value}\n`, { flag: 'r+' });
    },

    readText: async (path) => readOwnFile('The journal', path, MAX_JOURNAL_BYTES),

    async replaceText(path, text) {
      const draft = `${path}.new`;
      await writeDurably(draft, text);
      await rename(draft, path);
    },

    removeFile: (path) => rm(path, { force: true }),
  };
}
