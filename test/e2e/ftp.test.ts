import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { requirements } from '../lab/requirements.js';
import { realServer, VIP } from '../lab/topology.js';
import { endpoint, Scene } from './support/scene.js';

const MODES = [
  { name: 'EPSV', options: [] },
  { name: 'PASV', options: ['--disable-epsv'], isIpv4: true },
  { name: 'EPRT', options: ['--ftp-port', '-'] },
  { name: 'PORT', options: ['--ftp-port', '-', '--disable-eprt'], isIpv4: true },
] as const;
const BYTES = 2_000_000;

/** vsftpd's settings: read-only, anonymous, both families, active transfers from port 20. */
function settings(directory: string): string {
  return [
    'listen=NO',
    'listen_ipv6=YES',
    'background=NO',
    'anonymous_enable=YES',
    'local_enable=NO',
    `anon_root=${directory}/files`,
    `secure_chroot_dir=${directory}/empty`,
    'connect_from_port_20=YES',
    'seccomp_sandbox=NO',
    'isolate_network=NO',
    '',
  ].join('\n');
}

describe('an FTP service', () => {
  let scene: Scene;
  before(async () => {
    const missing = requirements(['vsftpd', 'curl']);
    if (missing !== null) throw new Error(missing);
    scene = await Scene.open({ realServers: 2, serverPorts: null });
    for (const { host } of [realServer(1), realServer(2)]) {
      const directory = path.join(scene.lab.directory, `ftp-${host}`);
      for (const name of ['files', 'empty']) mkdirSync(path.join(directory, name), { recursive: true });
      chmodSync(scene.lab.directory, 0o755);
      writeFileSync(path.join(directory, 'files', 'name'), host);
      writeFileSync(path.join(directory, 'files', 'bulk'), Buffer.alloc(BYTES, host));
      const file = path.join(directory, 'vsftpd.conf');
      writeFileSync(file, settings(directory));
      scene.lab.spawn(host, ['vsftpd', file]);
    }
    for (const vip of [VIP.ipv4, VIP.ipv6]) {
      const service = endpoint(vip, 21);
      await scene.adm('-A', '-t', service, '-s', 'rr');
      for (const index of [1, 2])
        await scene.adm('-a', '-t', service, '-r', scene.destination(vip, index, 21), '-m');
    }
  });
  after(() => scene.close());

  const fetch = (vip: string, file: string, options: readonly string[]): Promise<string> => {
    const url = `ftp://${vip.includes(':') ? `[${vip}]` : vip}/${file}`;
    const retry = ['--retry', '20', '--retry-connrefused', '--retry-delay', '1'];
    return scene.lab.run('client', ['curl', '-sS', '-g', '--max-time', '20', ...retry, ...options, url]);
  };

  for (const masquerade of [[], ['--masquerade', 'all']]) {
    for (const [family, vip] of Object.entries(VIP)) {
      for (const mode of MODES) {
        if ('isIpv4' in mode && family !== 'ipv4') continue;
        test(`transfers by ${mode.name} over ${family} ${masquerade.join(' ')}`, async () => {
          await scene.adm('-E', '-t', endpoint(vip, 21), '-s', 'rr', ...masquerade);
          const names = [await fetch(vip, 'name', mode.options), await fetch(vip, 'name', mode.options)];
          assert.deepEqual(names.toSorted(), ['rs1', 'rs2']);
          assert.equal((await fetch(vip, 'bulk', mode.options)).length, BYTES);
        });
      }
    }
  }
});
