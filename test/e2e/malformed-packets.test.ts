import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { VIP } from '../lab/topology.js';
import { FrameSender } from './support/frame-sender.js';
import { MALFORMED_PACKETS, synFlood } from './support/malformed-packets.js';
import type { Connection, Peer } from './support/peer.js';
import { pythonProgram } from './support/program.js';
import { Scene } from './support/scene.js';

/** Of a server that outlives datagrams from port 0. */
const UDP_PORT = 9007;
const FLOOD_SOURCES = 2000;
/** Each malformed packet is sent this often: a fault may need a second one, a reused buffer or a burst. */
const TIMES = 100;
/** How long one answer may take in the middle of a flood, in milliseconds. */
const FLOODED_MS = 1000;

describe('a real connection goes on unharmed by', () => {
  let scene: Scene;
  let client: Peer;
  let sender: FrameSender;
  const connections = new Map<4 | 6, Connection>();
  before(async () => {
    scene = await Scene.open();
    client = await scene.peer();
    const echo = scene.lab.spawn('rs1', ['python3', pythonProgram('udp_echo.py'), String(UDP_PORT)]);
    await echo.ready('the UDP echo', 10_000, () => echo.log.includes('ready'));
    sender = await FrameSender.start(scene.lab);
    for (const [family, vip] of [
      [4, VIP.ipv4],
      [6, VIP.ipv6],
    ] as const) {
      await scene.balance('tcp', vip, 80, { to: 80 });
      await scene.balance('tcp', vip, 7, { to: 7 });
      await scene.balance('udp', vip, 80, { to: UDP_PORT, servers: [1] });
      connections.set(family, await client.connect(vip, 7));
    }
  });
  after(() => scene.close());

  for (const { name, family, packet } of MALFORMED_PACKETS) {
    test(`IPv${family}: ${name}`, async () => {
      await sender.send(family, Array<Buffer>(TIMES).fill(packet));
      assert.equal(await connections.get(family)?.exchange(name), name);
    });
  }

  test('all of them shuffled together, and new connections are served', async () => {
    for (const family of [4, 6] as const) {
      const packets = MALFORMED_PACKETS.filter((packet) => packet.family === family).map(
        ({ packet }) => packet,
      );
      const shuffled = Array.from({ length: 2000 }, (_, index) => packets[(index * 7919) % packets.length]!);
      await sender.send(family, shuffled);
    }
    for (const vip of [VIP.ipv4, VIP.ipv6]) {
      assert.match(await client.whoAnswers(vip), /^rs[123]$/);
      assert.equal(await (await client.datagrams(vip, 80)).ask('still here'), 'still here');
    }
    assert.ok(scene.uipvs.isRunning);
  });

  test(`a flood of SYNs from ${FLOOD_SOURCES} sources, and new connections are served`, async () => {
    const connection = connections.get(4);
    const pingPong = connection?.pingPong(FLOODED_MS) ?? [];
    await sender.send(4, synFlood(FLOOD_SOURCES));
    assert.match(await client.whoAnswers(VIP.ipv4), /^rs[123]$/);
    const longest = Math.max(...(await pingPong).map(({ durationMs }) => durationMs));
    assert.ok(longest < FLOODED_MS, `one answer took ${longest} ms`);
    const halfOpen = (await scene.connections()).filter(({ state }) => state === 'SYN_RECV');
    assert.ok(
      halfOpen.length >= FLOOD_SOURCES * 0.9,
      `only ${halfOpen.length} half-open connections came in`,
    );
  });
});
