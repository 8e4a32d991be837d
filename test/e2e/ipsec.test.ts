/**
 * ESP and AH follow the connection of UDP port 500. Not every kernel speaks them, so both ends are played by bytes; what
 * is behind the addresses must arrive as it was sent. Two kernels that speak ESP are in ../uml.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../lab/poll.js';
import { CLIENT, realServer, VIP } from '../lab/topology.js';
import { type Dissection, dissect } from './support/dissection.js';
import { FrameSender } from './support/frame-sender.js';
import * as build from './support/frames.js';
import { exchangeKeys, KEY_EXCHANGE_PORT } from './support/key-exchange.js';
import { readPackets } from './support/packets.js';
import { Scene } from './support/scene.js';

const ESP = 50;
const AH = 51;
const ARRIVAL_LIMIT_MS = 3000;
/** An address of the director itself. */
const LOCAL_VIP = '10.9.0.5';
const MORE_FRAGMENTS = 0x2000;

interface Case {
  readonly name: string;
  readonly vip: string;
  readonly protocol: number;
}

const CASES: readonly Case[] = [
  { name: 'ESP', vip: VIP.ipv4, protocol: ESP },
  { name: 'AH', vip: VIP.ipv4, protocol: AH },
  { name: 'ESP over IPv6', vip: VIP.ipv6, protocol: ESP },
  { name: 'ESP to a VIP that is an address of the director', vip: LOCAL_VIP, protocol: ESP },
];

/** Two VIPs of one real server would have the same replies: a client's port 500 is one. */
const serverOf = (vip: string) => (vip === LOCAL_VIP ? 2 : 1);

describe('a UDP service of port 500', () => {
  let scene: Scene;
  let senders: Readonly<Record<'client' | 'rs1' | 'rs2', FrameSender>>;
  let captures = 0;
  before(async () => {
    scene = await Scene.open({ realServers: 2, serverPorts: { udpEcho: KEY_EXCHANGE_PORT } });
    await scene.lab.ip('director', [`address add ${LOCAL_VIP}/32 dev lo`]);
    for (const vip of [VIP.ipv4, VIP.ipv6, LOCAL_VIP]) {
      await scene.balance('udp', vip, KEY_EXCHANGE_PORT, { to: KEY_EXCHANGE_PORT, servers: [serverOf(vip)] });
    }
    senders = {
      client: await FrameSender.start(scene.lab),
      rs1: await FrameSender.start(scene.lab, 'rs1'),
      rs2: await FrameSender.start(scene.lab, 'rs2'),
    };
  });
  after(() => scene.close());

  const addressesOf = (vip: string) => {
    const isIpv6 = vip.includes(':');
    const server = realServer(serverOf(vip));
    return {
      family: isIpv6 ? (6 as const) : (4 as const),
      near: build.addressBytes(isIpv6 ? CLIENT.ipv6 : CLIENT.ipv4),
      server: build.addressBytes(isIpv6 ? server.ipv6 : server.ipv4),
      virtual: build.addressBytes(vip),
    };
  };

  /** Sends what one side says and gives back what arrives of it at the other, or null after `limitMs`. */
  async function carry(
    from: 'client' | 'rs1' | 'rs2',
    to: 'client' | 'rs1' | 'rs2',
    family: 4 | 6,
    packet: Buffer,
    marker: Buffer,
    limitMs = ARRIVAL_LIMIT_MS,
  ): Promise<Dissection | null> {
    captures += 1;
    const file = path.join(scene.lab.directory, `ipsec-${captures}.pcap`);
    const capture = await scene.lab.capture(to, 'eth0', file);
    await senders[from].send(family, [packet]);
    const find = async () =>
      (await readPackets(file))
        .map((frame) => dissect(frame))
        .find((one) => one !== null && one.protocol !== 1 && one.transport.includes(marker)) ?? null;
    const arrived = await until('the packet', limitMs, find).catch(() => null);
    await capture.stop();
    return arrived;
  }

  for (const [index, { name, vip, protocol }] of CASES.entries()) {
    test(`${name} reaches the real server that has the keys, and comes back from the VIP`, async () => {
      const { family, near, server, virtual } = addressesOf(vip);
      const host = serverOf(vip) === 1 ? 'rs1' : 'rs2';
      const ip = family === 4 ? build.ipv4 : build.ipv6;
      if (protocol === ESP) await exchangeKeys(scene.lab, vip);
      const segment = (text: string) => build.raw(protocol, Buffer.from(`0000${'0'.repeat(12)}${text}`));
      const up = segment(`request ${index} of an odd length`);
      const there = await carry(
        'client',
        host,
        family,
        ip({ source: near, destination: virtual }, up),
        up.bytes,
      );
      assert.ok(there, 'the request did not arrive');
      assert.deepEqual(there.source, near);
      assert.deepEqual(there.destination, server);
      assert.equal(there.protocol, protocol);
      assert.deepEqual(there.transport, up.bytes);
      const down = segment(`answer ${index}`);
      const back = await carry(
        host,
        'client',
        family,
        ip({ source: server, destination: near }, down),
        down.bytes,
      );
      assert.ok(back, 'the answer did not arrive');
      assert.deepEqual(back.source, virtual);
      assert.deepEqual(back.destination, near);
      assert.deepEqual(back.transport, down.bytes);
    });
  }

  test('fragments of ESP go on one by one', async () => {
    const { near, server, virtual } = addressesOf(VIP.ipv4);
    const ends = { source: near, destination: virtual };
    const part = build.raw(ESP, Buffer.from('0123456789abcdef a fragment of ESP......'));
    const fields = { identification: 77, fragment: MORE_FRAGMENTS | 185 };
    const there = await carry('client', 'rs1', 4, build.ipv4(ends, part, fields), part.bytes);
    assert.ok(there, 'the fragment did not arrive');
    assert.deepEqual(there.destination, server);
    assert.equal(there.fragment, fields.fragment);
    assert.equal(there.identification, fields.identification);
  });

  test('ESP of a client without keys reaches nobody', async () => {
    const { virtual } = addressesOf(VIP.ipv4);
    const source = build.addressBytes('10.0.0.77');
    const lost = build.raw(ESP, Buffer.from('00000000 ESP of a stranger'));
    const there = await carry(
      'client',
      'rs1',
      4,
      build.ipv4({ source, destination: virtual }, lost),
      lost.bytes,
      700,
    );
    assert.equal(there, null);
  });
});
