import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../lab/poll.js';
import { CLIENT, realServer, VIP } from '../lab/topology.js';
import { type Dissection, dissect } from './support/dissection.js';
import { FrameSender } from './support/frame-sender.js';
import * as build from './support/frames.js';
import { inspect } from './support/inspection.js';
import { readPackets } from './support/packets.js';
import { Scene } from './support/scene.js';

/** Addresses of the director itself. */
const LOCAL_VIPS = ['10.9.0.5', 'fd09::5'];
const PORT = 80;
const SERVER_PORT = 8080;
/** Each error is about a connection of its own. */
const FIRST_CLIENT_PORT = 4001;
const ARRIVAL_LIMIT_MS = 3000;
/** Unreachable: of IPv4 type 3, of IPv6 type 1; for want of a port there. */
const ICMP = {
  4: { protocol: 1, type: 3, code: 3, ipHeaderBytes: 20 },
  6: { protocol: 58, type: 1, code: 4, ipHeaderBytes: 40 },
} as const;

describe('the setting schedule_icmp', () => {
  let scene: Scene;
  let sender: FrameSender;
  let captures = 0;
  before(async () => {
    scene = await Scene.open({ realServers: 1, serverPorts: null });
    sender = await FrameSender.start(scene.lab);
    await scene.lab.ip(
      'director',
      LOCAL_VIPS.map((vip) => `address add ${vip} dev lo`),
    );
    for (const vip of [VIP.ipv4, VIP.ipv6, ...LOCAL_VIPS])
      await scene.balance('tcp', vip, PORT, { to: SERVER_PORT });
  });
  after(() => scene.close());

  /** The client's error about what the VIP never sent it, as it arrives at the real server; null where it does not. */
  async function complain(vip: string, limitMs: number): Promise<Dissection | null> {
    const family = vip.includes(':') ? 6 : 4;
    const client = build.addressBytes(family === 6 ? CLIENT.ipv6 : CLIENT.ipv4);
    const virtual = build.addressBytes(vip);
    const ip = family === 4 ? build.ipv4 : build.ipv6;
    const { protocol, type, code } = ICMP[family];
    const reply = build.tcp({
      sourcePort: PORT,
      destinationPort: FIRST_CLIENT_PORT + captures,
      flags: build.TCP_ACK,
    });
    const quoted = ip({ source: virtual, destination: client }, reply);
    const error = build.icmp(family, type, code, Buffer.concat([Buffer.alloc(4), quoted]));
    captures += 1;
    const file = path.join(scene.lab.directory, `icmp-${captures}.pcap`);
    const capture = await scene.lab.capture('rs1', 'eth0', file);
    await sender.send(family, [ip({ source: client, destination: virtual }, error)]);
    const isIt = (one: Dissection | null) => one?.protocol === protocol && one.transport[0] === type;
    const arrived = await until('the error', limitMs, async () => {
      const frames = await readPackets(file);
      return frames.find((frame) => isIt(dissect(frame))) ?? null;
    }).catch(() => null);
    await capture.stop();
    if (arrived === null) return null;
    assert.equal(inspect(arrived)?.checksum, 'complete');
    return dissect(arrived);
  }

  test('is off at first: an error about no connection reaches nobody', async () => {
    assert.equal(await complain(VIP.ipv4, 700), null);
    assert.deepEqual(await scene.connections(), []);
  });

  for (const vip of [VIP.ipv4, VIP.ipv6, ...LOCAL_VIPS]) {
    test(`on, an error to ${vip} reaches a real server, in its own words`, async () => {
      await scene.adm('--sysctl', 'schedule_icmp=1');
      const family = vip.includes(':') ? 6 : 4;
      const { ipv4, ipv6 } = realServer(1);
      const server = build.addressBytes(family === 6 ? ipv6 : ipv4);
      const arrived = await complain(vip, ARRIVAL_LIMIT_MS);
      assert.ok(arrived, 'the error did not arrive');
      assert.deepEqual(arrived.destination, server);
      const quoted = arrived.transport.subarray(8);
      const sourceAt = family === 4 ? 12 : 8;
      assert.deepEqual(quoted.subarray(sourceAt, sourceAt + server.length), server);
      const { ipHeaderBytes } = ICMP[family];
      assert.equal(quoted.readUInt16BE(ipHeaderBytes), SERVER_PORT);
      assert.equal(quoted.readUInt16BE(ipHeaderBytes + 2), FIRST_CLIENT_PORT + captures - 1);
    });
  }
});
