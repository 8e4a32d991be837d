import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { realServer, VIP } from '../lab/topology.js';
import { readPackets } from './support/packets.js';
import type { Peer } from './support/peer.js';
import { pythonProgram } from './support/program.js';
import { endpoint, Scene } from './support/scene.js';

const PORT = 9000;
const REAL_PORT = 9001;
const BYTES = 300_000;

describe('a service that tells its real servers the client', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    client = await scene.peer();
    const server = scene.lab.spawn('rs1', [
      'python3',
      pythonProgram('proxy_protocol_server.py'),
      String(REAL_PORT),
    ]);
    await server.ready('the server', 5000, () => server.log.includes('listening'));
  });
  after(() => scene.close());

  for (const vip of [VIP.ipv4, VIP.ipv6]) {
    for (const masquerade of [[], ['--masquerade', 'all']]) {
      const port = PORT + masquerade.length;
      test(`by PROXY at ${vip} ${masquerade.join(' ')}: the header is right and the stream whole`, async () => {
        const service = endpoint(vip, port);
        await scene.adm('-A', '-t', service, '-s', 'rr', '--client-address', 'proxy', ...masquerade);
        await scene.adm('-a', '-t', service, '-r', scene.destination(vip, 1, REAL_PORT), '-m');
        const program = pythonProgram('echo_client.py');
        const args = ['python3', program, vip, String(port), String(BYTES)];
        for (let turn = 0; turn < 3; turn += 1) {
          const [told, own] = (await scene.lab.run('client', args)).trim().split('|');
          assert.equal(told, `${own} ${vip} ${port}`);
        }
      });
    }

    test(`by TOA at ${vip}: the option is in the SYN, and the connection works`, async () => {
      const service = endpoint(vip, 80);
      await scene.adm('-A', '-t', service, '-s', 'rr', '--client-address', 'toa', '--masquerade', 'all');
      await scene.adm('-a', '-t', service, '-r', scene.destination(vip, 1, 80), '-m');
      const file = path.join(scene.lab.directory, `toa-${vip.includes(':') ? 6 : 4}.pcap`);
      const capture = await scene.lab.capture('rs1', 'eth0', file);
      const connection = await client.connect(vip, 80);
      assert.equal((await connection.ask('/bytes/100000')).length, 100_000);
      await capture.stop();
      const length = vip.includes(':') ? 20 : 8;
      const option = Buffer.from([254, length, connection.localPort >> 8, connection.localPort & 255]);
      const packets = (await readPackets(file)).filter(({ data }) => data.includes(option));
      assert.ok(packets.length >= 2, `${packets.length} packets to ${realServer(1).host} have the option`);
    });
  }
});
