import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Child } from './child.js';
import type { Lab } from './lab.js';
import type { Host } from './topology.js';

/** A `listen` line: optional address, port, and whether `udp` follows. */
const LISTEN = /\blisten\s+(?:\S*:)?(\d+)([^;]*);/g;

/** How long nginx may take to listen, in milliseconds. */
const START_TIMEOUT_MS = 10_000;

/** Implementation of `Lab.startNginx`. Throws EIO with nginx's own words when it refuses the configuration. */
export async function startNginx(lab: Lab, host: Host, configuration: string): Promise<Child> {
  const directory = path.join(lab.directory, `nginx-${host}-${randomBytes(3).toString('hex')}`);
  mkdirSync(directory);
  const file = path.join(directory, 'nginx.conf');
  writeFileSync(file, configuration);
  const globals = `daemon off; pid ${directory}/nginx.pid; error_log stderr warn;`;
  const child = lab.spawn(host, ['nginx', '-p', directory, '-c', file, '-g', globals]);
  for (const [, port, words] of configuration.matchAll(LISTEN)) {
    const protocol = /\budp\b/.test(words ?? '') ? 'udp' : 'tcp';
    await child.ready(`nginx on ${host} to listen on port ${port}`, START_TIMEOUT_MS, () =>
      lab.isListening(host, protocol, Number(port)),
    );
  }
  return child;
}
