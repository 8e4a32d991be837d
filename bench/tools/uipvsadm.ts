import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { UipvsError } from '../../src/base/error.js';
import type { Lab } from '../../test/lab/lab.js';
import type { UipvsProcess } from '../../test/lab/uipvs-process.js';

const CLI = fileURLToPath(new URL('../../src/bin/uipvsadm.js', import.meta.url));

/** For lists of services that no person would type. */
const TIMEOUT_MS = 120_000;

/** `uipvsadm -R` on these lines; gives back how long that took, in seconds, the start of the program included. */
export async function restoreTimed(lab: Lab, uipvs: UipvsProcess, lines: readonly string[]): Promise<number> {
  const input = `${lines.join('\n')}\n`;
  const env = { UIPVS_SOCKET: uipvs.socketPath };
  const startedAt = performance.now();
  await lab.run('director', [process.execPath, CLI, '-R'], { env, input, timeoutMs: TIMEOUT_MS });
  return (performance.now() - startedAt) / 1000;
}

/**
 * `uipvsadm -Lnc` on the director with its output thrown away by the kernel: what the listing costs uipvsd, and
 * nothing for reading it here. Throws EIO unless it ends with status 0.
 */
export function listConnections(lab: Lab, uipvs: UipvsProcess): Promise<void> {
  const argv = ['netns', 'exec', lab.namespace('director'), process.execPath, CLI, '-Lnc'];
  const env = { ...process.env, UIPVS_SOCKET: uipvs.socketPath };
  return new Promise((resolve, reject) => {
    const child = spawn('ip', argv, { env, stdio: 'ignore' });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (status === 0) resolve();
      else
        reject(new UipvsError('EIO', `Expected uipvsadm -Lnc to succeed but received ${signal ?? status}`));
    });
  });
}
