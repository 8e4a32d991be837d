import { spawn } from 'node:child_process';
import { UipvsError } from '../../src/base/error.js';
import { slowness } from './poll.js';

export interface ExecOptions {
  /** Text for standard input; without it the program reads an empty one. */
  readonly input?: string;
  /** The program is killed, and the call throws, after this many milliseconds, see {@link slowness}. Default 30000. */
  readonly timeoutMs?: number;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface ExecResult {
  /** Exit status; -1 when a signal ended the program. */
  readonly status: number;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/**
 * Run a program to its end, without a shell, and give back what it said whatever its status.
 * Throws EBUSY when it outlives `timeoutMs`, ENOENT when it cannot be started.
 */
export function execute(argv: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
  const [program = '', ...args] = argv;
  const timeoutMs = (options.timeoutMs ?? DEFAULT_TIMEOUT_MS) * slowness();
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: { ...process.env, ...options.env }, stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => undefined); // a program may end without reading its input
    child.stdin.end(options.input ?? '');
    child.on('error', (cause) => {
      clearTimeout(timer);
      reject(new UipvsError('ENOENT', `Expected to run ${program} but received ${cause.message}`, { cause }));
    });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      if (isLate) {
        reject(new UipvsError('EBUSY', `Expected "${argv.join(' ')}" to end within ${timeoutMs} ms`));
      } else {
        resolve({ status: status ?? -1, signal, stdout, stderr });
      }
    });
  });
}

/** As {@link execute}, but gives back standard output only and throws EIO unless the status is 0. */
export async function executeOk(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
  const { status, signal, stdout, stderr } = await execute(argv, options);
  if (status === 0) return stdout;
  const said = stderr.trim() || stdout.trim() || 'nothing';
  const ended = signal ?? `status ${status}`;
  throw new UipvsError('EIO', `Expected "${argv.join(' ')}" to succeed but received ${ended}: ${said}`);
}
