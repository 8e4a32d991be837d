import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Lab } from '../../lab/lab.js';
import type { Host } from '../../lab/topology.js';

/** Read-only, anonymous, both families, active transfers from port 20. */
const SETTINGS = [
  'listen=NO',
  'listen_ipv6=YES',
  'background=NO',
  'anonymous_enable=YES',
  'local_enable=NO',
  'connect_from_port_20=YES',
  'seccomp_sandbox=NO',
  'isolate_network=NO',
];

/** Serves `files`, by name, on port 21 of a machine; returns when it listens. */
export async function startVsftpd(
  lab: Lab,
  host: Host,
  files: Readonly<Record<string, Buffer>>,
): Promise<void> {
  const directory = path.join(lab.directory, `vsftpd-${host}`);
  const [root, empty] = [path.join(directory, 'files'), path.join(directory, 'empty')];
  for (const each of [root, empty]) mkdirSync(each, { recursive: true });
  // Its processes run as nobody.
  chmodSync(lab.directory, 0o755);
  for (const [name, content] of Object.entries(files)) writeFileSync(path.join(root, name), content);
  const file = path.join(directory, 'vsftpd.conf');
  writeFileSync(file, [...SETTINGS, `anon_root=${root}`, `secure_chroot_dir=${empty}`, ''].join('\n'));
  lab.spawn(host, ['vsftpd', file]);
  await lab.waitForListen(host, 'tcp', 21);
}
