/**
 * Theory of operation: nginx reads the PROXY header, whose bytes uipvs puts before the client's first and moves all sequence
 * numbers for. Both ends lose a part of what they receive, at random, so that each kind of segment is sent again now and
 * then: the handshake's, those with the header, those before and behind it, and acknowledgements of all of them.
 */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { requirements } from '../lab/requirements.js';
import { CLIENT, VIP } from '../lab/topology.js';
import { endpoint, Scene } from './support/scene.js';

const PORT = 8080;
const CONNECTIONS = 200;
const LOSS_PERCENT = 5;
const WAYS = [
  { port: 80, masquerade: '' },
  { port: 81, masquerade: '--masquerade all' },
] as const;
const UPLOAD = randomBytes(4_000_000);

const LOSS = `
table inet loss {
  chain input {
    type filter hook input priority 0
    iifname eth0 meta l4proto tcp numgen random mod 100 < ${LOSS_PERCENT} counter drop
  }
}`;

function configuration(root: string): string {
  return `
user root; worker_processes 1; events { worker_connections 1024; }
http {
  access_log off; keepalive_timeout 0; client_max_body_size 0;
  server {
    listen ${PORT} proxy_protocol; listen [::]:${PORT} proxy_protocol;
    location /who { return 200 "$proxy_protocol_addr $proxy_protocol_port"; }
    location / { root ${root}; dav_methods PUT; }
  }
}`;
}

describe('nginx behind the PROXY protocol, at real servers and clients that lose packets', () => {
  let scene: Scene;
  let root: string;
  before(async () => {
    const missing = requirements(['nft']);
    if (missing !== null) throw new Error(missing);
    scene = await Scene.open({ realServers: 2, serverPorts: null });
    root = path.join(scene.lab.directory, 'root');
    mkdirSync(root);
    for (const each of [root, scene.lab.directory]) chmodSync(each, 0o755);
    writeFileSync(path.join(scene.lab.directory, 'upload'), UPLOAD);
    for (const host of ['rs1', 'rs2'] as const) await scene.lab.startNginx(host, configuration(root));
    for (const host of ['client', 'rs1', 'rs2'] as const)
      await scene.lab.run(host, ['nft', '-f', '-'], { input: LOSS });
    await scene.uipvs.restore(
      Object.values(VIP).flatMap((vip) =>
        WAYS.flatMap(({ port, masquerade }) => {
          const service = `-t ${endpoint(vip, port)}`;
          return [
            `-A ${service} -s rr --client-address proxy ${masquerade}`,
            ...[1, 2].map((server) => `-a ${service} -r ${scene.destination(vip, server, PORT)} -m`),
          ];
        }),
      ),
    );
  });
  after(() => scene.close());

  /** Each of many requests at once: the client's end of its connection, and what nginx was told of it. */
  async function askMany(vip: string, port: number, name: string): Promise<{ own: string; told: string }[]> {
    const directory = path.join(scene.lab.directory, name);
    const url = `http://${endpoint(vip, port).replaceAll(/[[\]]/g, '\\$&')}/who?[1-${CONNECTIONS}]`;
    const words = ['-sS', '--fail', '-Z', '--parallel-immediate', '--parallel-max', '100', '--create-dirs'];
    const report = ['-o', `${directory}/#1`, '-w', '%{filename_effective} %{local_ip} %{local_port}\n'];
    const text = await scene.lab.run('client', ['curl', ...words, ...report, url], { timeoutMs: 60_000 });
    return text
      .trim()
      .split('\n')
      .map((line) => {
        const [file = '', ...own] = line.split(' ');
        return { own: own.join(' '), told: readFileSync(file, 'utf8') };
      });
  }

  for (const [family, vip] of Object.entries(VIP) as ['ipv4' | 'ipv6', string][]) {
    for (const { port, masquerade } of WAYS) {
      const what = `${family} ${masquerade}`.trim();

      describe(`over ${what}`, () => {
        test(`${CONNECTIONS} connections in parallel are each told of as they are`, async () => {
          const asked = await askMany(vip, port, what.replaceAll(' ', ''));
          assert.equal(asked.length, CONNECTIONS);
          for (const { own, told } of asked) assert.equal(told, own);
          assert.equal(new Set(asked.map(({ own }) => own)).size, CONNECTIONS);
          assert.ok(asked.every(({ own }) => own.startsWith(`${CLIENT[family]} `)));
        });

        test('a large file arrives whole, and comes back whole', async () => {
          const file = path.join(scene.lab.directory, 'upload');
          const name = `file-${family}-${port}`;
          const curl = (...words: readonly string[]) =>
            scene.lab.run(
              'client',
              ['curl', '-sS', '--fail', '-g', ...words, `http://${endpoint(vip, port)}/${name}`],
              {
                timeoutMs: 60_000,
              },
            );
          await curl('-T', file);
          assert.ok(readFileSync(path.join(root, name)).equals(UPLOAD));
          const back = path.join(scene.lab.directory, `${name}-back`);
          await curl('-o', back);
          assert.ok(readFileSync(back).equals(UPLOAD));
        });
      });
    }
  }

  test('packets were lost at every end', async () => {
    for (const host of ['client', 'rs1', 'rs2'] as const) {
      const [, lost = '0'] =
        /counter packets (\d+)/.exec(await scene.lab.run(host, ['nft', 'list', 'ruleset'])) ?? [];
      assert.ok(Number(lost) > 50, `${host} has lost ${lost}`);
    }
  });
});
