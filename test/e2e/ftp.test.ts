/**
 * Theory of operation: an FTP service without persistence, of VIPs that are no addresses of the director and of one that
 * is. curl makes a session for each transfer; ftp_session.py many transfers in one, so that addresses are written anew
 * and lengths change again and again on one control connection, also where packets of it are lost.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { requirements } from '../lab/requirements.js';
import { startServers } from '../lab/servers.js';
import { VIP } from '../lab/topology.js';
import { bulkOf, startFtpServers } from './support/ftp-servers.js';
import { pythonProgram } from './support/program.js';
import { endpoint, Scene } from './support/scene.js';

const MODES = [
  { name: 'EPSV', options: [] },
  { name: 'PASV', options: ['--disable-epsv'], isIpv4: true },
  { name: 'EPRT', options: ['--ftp-port', '-'] },
  { name: 'PORT', options: ['--ftp-port', '-', '--disable-eprt'], isIpv4: true },
] as const;
const LOCAL_VIP = { ipv4: '10.9.0.5', ipv6: 'fd09::5' } as const;
const VIPS = [
  { family: 'ipv4', vip: VIP.ipv4, what: 'ipv4' },
  { family: 'ipv6', vip: VIP.ipv6, what: 'ipv6' },
  { family: 'ipv4', vip: LOCAL_VIP.ipv4, what: 'ipv4 to an address of the director' },
  { family: 'ipv6', vip: LOCAL_VIP.ipv6, what: 'ipv6 to an address of the director' },
] as const;
/** Programs of the director on ports that data connections have too. */
const OWN_PORTS = [20, 5000] as const;
/** In one control session; each has four transfers. */
const TURNS = 4;
/** Of the client's packets, either way. */
const LOST_PERCENT = 3;
const LOSS = `
table inet loss {
  chain in { type filter hook input priority 0; numgen random mod 100 < ${LOST_PERCENT} drop; }
  chain out { type filter hook output priority 0; numgen random mod 100 < ${LOST_PERCENT} drop; }
}
`;

const digest = (text: string): string => `${text.length} ${createHash('sha256').update(text).digest('hex')}`;

describe('an FTP service', () => {
  let scene: Scene;
  before(async () => {
    const missing = requirements(['vsftpd', 'curl', 'nft']);
    if (missing !== null) throw new Error(missing);
    scene = await Scene.open({ realServers: 2, serverPorts: null });
    await startFtpServers(scene.lab, 2);
    for (const [family, address] of Object.entries(LOCAL_VIP)) {
      await scene.lab.ip('director', [`address add ${address}/${family === 'ipv4' ? 32 : 128} dev lo`]);
      for (const port of OWN_PORTS)
        await startServers(scene.lab, 'director', { tcpEcho: port, udpEcho: port, listen: address });
    }
    for (const { vip } of VIPS) {
      const service = endpoint(vip, 21);
      await scene.adm('-A', '-t', service, '-s', 'rr');
      for (const index of [1, 2])
        await scene.adm('-a', '-t', service, '-r', scene.destination(vip, index, 21), '-m');
    }
  });
  after(() => scene.close());

  const fetch = (vip: string, file: string, options: readonly string[]): Promise<string> => {
    const url = `ftp://${vip.includes(':') ? `[${vip}]` : vip}/${file}`;
    return scene.lab.run('client', ['curl', '-sS', '-g', '--max-time', '20', ...options, url]);
  };

  /** Asserts that every transfer of one session came through whole, all with one real server. */
  async function assertSession(vip: string, mode: string): Promise<void> {
    const argv = ['python3', pythonProgram('ftp_session.py'), vip, mode.toLowerCase(), String(TURNS)];
    const lines = (await scene.lab.run('client', argv)).trim().split('\n');
    assert.equal(lines.length, 4 * TURNS);
    const host = ['rs1', 'rs2'].find((name) => lines[0] === `name ${digest(name)}`);
    assert.ok(host, `Expected a real server's name but received ${lines[0]}`);
    for (let turn = 0; turn < TURNS; turn += 1) {
      const [name, bulk, sent = '', back] = lines.slice(4 * turn);
      assert.deepEqual([name, bulk], [`name ${digest(host)}`, `bulk ${digest(bulkOf(host))}`]);
      assert.equal(back, sent.replace('sent', 'back'));
    }
  }

  for (const masquerade of [[], ['--masquerade', 'all']]) {
    for (const { family, vip, what } of VIPS) {
      for (const { name, options, ...only } of MODES) {
        if ('isIpv4' in only && family !== 'ipv4') continue;
        const how = `by ${name} over ${what} ${masquerade.join(' ')}`.trim();
        const edit = () => scene.adm('-E', '-t', endpoint(vip, 21), '-s', 'rr', ...masquerade);

        test(`transfers ${how}`, async () => {
          await edit();
          const names = [await fetch(vip, 'name', options), await fetch(vip, 'name', options)];
          assert.deepEqual(names.toSorted(), ['rs1', 'rs2']);
          const bulk = await fetch(vip, 'bulk', options);
          assert.ok([bulkOf('rs1'), bulkOf('rs2')].includes(bulk));
        });

        test(`transfers many files both ways in one session ${how}`, async () => {
          await edit();
          await assertSession(vip, name);
        });
      }
    }
  }

  for (const { family, vip, what } of VIPS.slice(2)) {
    for (const port of OWN_PORTS) {
      test(`leaves port ${port} to the programs of the director, ${what}`, async () => {
        const client = await scene.peer('client', `own-${port}-${family}`);
        const connection = await client.connect(vip, port);
        assert.equal(await connection.exchange('hello director'), 'hello director');
        await connection.close();
        assert.equal(await (await client.datagrams(vip, port)).ask('name?'), 'director');
      });
    }

    test(`refuses a port of its data connections that nobody listens on, ${what}`, async () => {
      const client = await scene.peer('client', `refusal-${family}`);
      assert.equal((await client.refusal(vip, 4999)).code, 'ECONNREFUSED');
    });
  }

  describe(`of whose packets ${LOST_PERCENT} % are lost`, () => {
    before(() => scene.lab.run('client', ['nft', LOSS]));
    after(() => scene.lab.run('client', ['nft', 'delete', 'table', 'inet', 'loss']));

    for (const [vip, mode] of [
      [VIP.ipv4, 'PASV'],
      [VIP.ipv4, 'PORT'],
      [VIP.ipv6, 'EPSV'],
      [VIP.ipv6, 'EPRT'],
    ] as const) {
      test(`transfers many files both ways in one session by ${mode}, masqueraded`, async () => {
        await scene.adm('-E', '-t', endpoint(vip, 21), '-s', 'rr', '--masquerade', 'all');
        await assertSession(vip, mode);
      });
    }
  });
});
