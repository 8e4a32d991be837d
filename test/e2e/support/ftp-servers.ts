/** vsftpd on real servers, with files that tell which one it was, and a directory that takes files. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Lab } from '../../lab/lab.js';
import { realServer } from '../../lab/topology.js';

const BULK_BYTES = 2_000_000;

/** What is in the file "bulk" of a real server: no two parts of it are equal. */
export function bulkOf(host: string): string {
  const line = (number: number): string => `${host} ${String(number).padStart(10, '0')}\n`;
  const count = Math.ceil(BULK_BYTES / line(0).length);
  return Array.from({ length: count }, (_, number) => line(number)).join('');
}

/** Anonymous, both families, active transfers from port 20. */
function settings(directory: string): string {
  return [
    'listen=NO',
    'listen_ipv6=YES',
    'background=NO',
    'anonymous_enable=YES',
    'write_enable=YES',
    'anon_upload_enable=YES',
    'anon_umask=022',
    'local_enable=NO',
    `anon_root=${directory}/files`,
    `secure_chroot_dir=${directory}/empty`,
    'connect_from_port_20=YES',
    'seccomp_sandbox=NO',
    'isolate_network=NO',
    '',
  ].join('\n');
}

/** Starts them on real servers 1 to `count`: the file "name" holds the host's name. Returns when they listen. */
export async function startFtpServers(lab: Lab, count: number): Promise<void> {
  chmodSync(lab.directory, 0o755);
  for (let index = 1; index <= count; index += 1) {
    const { host } = realServer(index);
    const directory = path.join(lab.directory, `ftp-${host}`);
    for (const name of ['files/incoming', 'empty'])
      mkdirSync(path.join(directory, name), { recursive: true });
    chmodSync(path.join(directory, 'files/incoming'), 0o777);
    writeFileSync(path.join(directory, 'files/name'), host);
    writeFileSync(path.join(directory, 'files/bulk'), bulkOf(host));
    const file = path.join(directory, 'vsftpd.conf');
    writeFileSync(file, settings(directory));
    lab.spawn(host, ['vsftpd', file]);
    await lab.waitForListen(host, 'tcp', 21);
  }
}
