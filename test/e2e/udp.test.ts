import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import { inspect } from './support/inspection.js';
import { readPackets } from './support/packets.js';
import type { Peer } from './support/peer.js';
import { pythonProgram } from './support/program.js';
import { Scene } from './support/scene.js';

const PORT = 7000;

describe('a UDP service', () => {
  let scene: Scene;
  let client: Peer;
  before(async () => {
    scene = await Scene.open();
    client = await scene.peer();
    for (const vip of [VIP.ipv4, VIP.ipv6]) await scene.balance('udp', vip, PORT, { to: 7 });
  });
  after(() => scene.close());

  for (const vip of [VIP.ipv4, VIP.ipv6]) {
    test(`by ${vip} echoes datagrams of every small length`, async () => {
      const flow = await client.datagrams(vip, PORT);
      for (let length = 0; length <= 70; length += 1) {
        const text = 'x'.repeat(length);
        assert.equal(await flow.ask(text), text);
      }
    });

    test(`by ${vip} keeps the datagrams of a flow together and spreads the flows`, async () => {
      const flows = await Promise.all(Array.from({ length: 30 }, () => client.datagrams(vip, PORT)));
      const answers: string[] = [];
      for (const flow of flows) {
        const names = new Set([await flow.ask('name?'), await flow.ask('name?'), await flow.ask('name?')]);
        assert.equal(names.size, 1, `one flow was answered by ${[...names]}`);
        answers.push([...names][0] ?? '');
      }
      for (const name of ['rs1', 'rs2', 'rs3']) {
        assert.equal(answers.filter((answer) => answer === name).length, 10, `flows of ${name}`);
      }
    });
  }

  for (const vip of [VIP.ipv4, VIP.ipv6]) {
    test(`by ${vip} passes datagrams that the client's kernel hands over as one super-packet`, async () => {
      const program = pythonProgram('udp_segmented.py');
      const answered = await scene.lab.run('client', ['python3', program, vip, String(PORT), '40', '1001']);
      assert.equal(answered.trim(), '40');
    });
  }

  test('gives a datagram without a checksum a right one, as the kernel does', async () => {
    const captures = await Promise.all(
      ([1, 2, 3] as const).map((index) =>
        scene.lab.capture(`rs${index}`, 'eth0', path.join(scene.lab.directory, `no-checksum-${index}.pcap`)),
      ),
    );
    const text = 'no checksum on this';
    const program = pythonProgram('udp_without_checksum.py');
    assert.equal(await scene.lab.run('client', ['python3', program, VIP.ipv4, String(PORT), text]), text);
    await Promise.all(captures.map((capture) => capture.stop()));
    const packets = (await Promise.all(captures.map(({ file }) => readPackets(file)))).flat();
    const requests = packets.filter(({ data }) => data.includes(text)).map((packet) => inspect(packet));
    const [request] = requests.filter((packet) => packet?.source === '10.0.0.2');
    assert.equal(request?.protocol, 'udp');
    assert.equal(request?.checksum, 'complete');
  });
});
