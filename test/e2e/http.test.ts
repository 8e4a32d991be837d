import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { realServer, VIP } from '../lab/topology.js';
import { Scene } from './support/scene.js';

/** Destinations were added 1, 2, 3: rr begins with the newest, as the kernel does. */
const TURN = ['rs3', 'rs2', 'rs1'];
const VIP_PORT = 8080;

for (const { family, vip } of [
  { family: 'IPv4', vip: VIP.ipv4 },
  { family: 'IPv6', vip: VIP.ipv6 },
]) {
  describe(`nginx behind an ${family} VIP`, () => {
    const url = `http://${vip.includes(':') ? `[${vip}]` : vip}:${VIP_PORT}`;
    let scene: Scene;
    before(async () => {
      scene = await Scene.open({ serverPorts: null });
      await Promise.all(
        [1, 2, 3].map((index) => {
          const { host } = realServer(index);
          const page = `location / { return 200 "${host}\\n"; } location /peer { return 200 "$remote_addr\\n"; }`;
          const configuration = `events {} http { access_log off; server { listen 80; listen [::]:80; ${page} } }`;
          return scene.lab.startNginx(host, configuration);
        }),
      );
      await scene.balance('tcp', vip, VIP_PORT, { to: 80 });
    });
    after(() => scene.close());

    test('curl is answered by three real servers in turn', async () => {
      const answers: string[] = [];
      for (let turn = 0; turn < 6; turn += 1) {
        answers.push((await scene.lab.run('client', ['curl', '-sS', url])).trim());
      }
      assert.deepEqual(answers, [...TURN, ...TURN]);
    });

    test('the real server sees the address of the client', async () => {
      const seen = await scene.lab.run('client', ['curl', '-sS', `${url}/peer`]);
      assert.equal(seen.trim(), vip.includes(':') ? 'fd00::2' : '10.0.0.2');
    });

    test('one curl with several URLs stays on one connection and one real server', async () => {
      const connects = await scene.lab.run('client', [
        'curl',
        '-sS',
        '-w',
        '%{num_connects}\n',
        ...[url, url, url, url],
      ]);
      const [first = '', ...others] = connects.trim().split('\n');
      assert.ok(TURN.includes(first));
      assert.deepEqual(others, ['1', first, '0', first, '0', first, '0']);
    });

    test('two clients that keep their connections each stay with their own real server', async () => {
      const client = await scene.peer('client', 'keep-alive');
      const [one, other] = [await client.connect(vip, VIP_PORT), await client.connect(vip, VIP_PORT)];
      const answers: string[][] = [];
      for (let turn = 0; turn < 3; turn += 1) {
        answers.push([await one.whoAnswers(), await other.whoAnswers()]);
      }
      assert.notEqual(answers[0]?.[0], answers[0]?.[1]);
      assert.deepEqual(answers, [answers[0], answers[0], answers[0]]);
    });
  });
}
