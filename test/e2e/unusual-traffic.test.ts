/**
 * Theory of operation: what is allowed and seldom seen. Where a kernel does it by itself, kernels do it here; where none
 * can be made to, both ends are played by bytes, under addresses that answer to no kernel: 10.0.0.99 is the client's
 * neighbour and 10.1.0.99 a real server only by an entry in the director's neighbour table.
 */
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { until } from '../lab/poll.js';
import { CLIENT, CLIENT_DEVICE, type Host, LAN_DEVICE, realServer, VIP } from '../lab/topology.js';
import { type Dissection, dissect, portsOf } from './support/dissection.js';
import { FrameSender } from './support/frame-sender.js';
import * as build from './support/frames.js';
import { inspect } from './support/inspection.js';
import { readPackets } from './support/packets.js';
import type { Peer } from './support/peer.js';
import { pythonProgram } from './support/program.js';
import { endpoint, Scene } from './support/scene.js';

const FAMILIES = ['ipv4', 'ipv6'] as const;
const PORT = 9002;
const VPORT = 9000;
const ECHO_VPORT = 7777;
const GHOST_VPORT = 9999;
const GHOST = {
  ipv4: { client: '10.0.0.99', server: '10.1.0.99' },
  ipv6: { client: 'fd00::99', server: 'fd01::99' },
} as const;
const [SYN, SYN_ACK, ACK, RST, PUSH_URGENT] = [0x02, 0x12, 0x10, 0x04, 0x38];
const ARRIVAL_LIMIT_MS = 2000;

describe('unusual traffic', () => {
  let scene: Scene;
  let client: Peer;
  let senders: Readonly<Record<'client' | 'rs1', FrameSender>>;
  let captures = 0;
  before(async () => {
    scene = await Scene.open({ realServers: 1 });
    client = await scene.peer();
    senders = {
      client: await FrameSender.start(scene.lab),
      rs1: await FrameSender.start(scene.lab, 'rs1'),
    };
    for (const host of ['client', 'rs1'] as const)
      await scene.lab.sysctl(host, { 'net.ipv4.tcp_fastopen': 3 });
    const server = scene.lab.spawn('rs1', [
      'python3',
      pythonProgram('tcp_fast_open.py'),
      'serve',
      String(PORT),
    ]);
    await server.ready('the server', 5000, () => server.log.includes('listening'));
    const macOf = async (host: Host) =>
      (await scene.lab.run(host, ['cat', '/sys/class/net/eth0/address'])).trim();
    for (const family of FAMILIES) {
      await scene.balance('tcp', VIP[family], VPORT, { to: PORT });
      await scene.balance('tcp', VIP[family], ECHO_VPORT, { to: 7 });
      await scene.balance('udp', VIP[family], ECHO_VPORT, { to: 7 });
      const service = endpoint(VIP[family], GHOST_VPORT);
      const { client: near, server: far } = GHOST[family];
      for (const option of ['-t', '-u']) {
        await scene.adm('-A', option, service, '-s', 'rr');
        await scene.adm('-a', option, service, '-r', endpoint(far, PORT), '-m');
      }
      await scene.lab.ip('director', [
        `neigh replace ${near} lladdr ${await macOf('client')} dev ${CLIENT_DEVICE}`,
        `neigh replace ${far} lladdr ${await macOf('rs1')} dev ${LAN_DEVICE}`,
      ]);
    }
  });
  after(() => scene.close());

  /** Sends a packet of one side, and gives back what arrives at the other, which must be just one of these ports. */
  async function carry(
    from: 'client' | 'rs1',
    family: 4 | 6,
    packet: Buffer,
    port: number,
  ): Promise<Dissection> {
    const to = from === 'client' ? 'rs1' : 'client';
    captures += 1;
    const capture = await scene.lab.capture(
      to,
      'eth0',
      path.join(scene.lab.directory, `carry-${captures}.pcap`),
    );
    await senders[from].send(family, [packet]);
    const arrived = await until(`a packet of port ${port} at ${to}`, ARRIVAL_LIMIT_MS, async () => {
      const all = (await readPackets(capture.file)).map((frame) => ({ frame, packet: dissect(frame) }));
      return (
        all.find((one) => {
          const ports = one.packet && portsOf(one.packet);
          return ports?.source === port || ports?.destination === port;
        }) ?? null
      );
    });
    await capture.stop();
    assert.equal(inspect(arrived.frame)?.checksum, 'complete');
    assert.ok(arrived.packet);
    return arrived.packet;
  }

  /** Two ends that are nobody's kernel, and a packet of either. */
  function ghosts(name: (typeof FAMILIES)[number], localPort: number) {
    const family = name === 'ipv4' ? 4 : 6;
    const near = build.addressBytes(GHOST[name].client);
    const far = build.addressBytes(GHOST[name].server);
    const vip = build.addressBytes(VIP[name]);
    const ip = family === 4 ? build.ipv4 : build.ipv6;
    return {
      fromClient: (segment: build.Segment) =>
        carry('client', family, ip({ source: near, destination: vip }, segment), localPort),
      fromServer: (segment: build.Segment) =>
        carry('rs1', family, ip({ source: far, destination: near }, segment), localPort),
      up: (fields: build.TcpFields) =>
        build.tcp({ sourcePort: localPort, destinationPort: GHOST_VPORT, ...fields }),
      down: (fields: build.TcpFields) =>
        build.tcp({ sourcePort: PORT, destinationPort: localPort, ...fields }),
      near,
      far,
      vip,
    };
  }

  for (const family of FAMILIES) {
    test(`data in the SYN arrives with the SYN, ${family}`, async () => {
      const file = path.join(scene.lab.directory, `fast-open-${family}.pcap`);
      const capture = await scene.lab.capture('rs1', 'eth0', file);
      const argv = [
        'python3',
        pythonProgram('tcp_fast_open.py'),
        'fast-open',
        VIP[family],
        String(VPORT),
        'early',
      ];
      assert.equal(await scene.lab.run('client', argv), 'early cookie\nearly data\n');
      await capture.stop();
      const packets = (await readPackets(file)).map((frame) => dissect(frame));
      const syns = packets.filter(
        (packet) => packet !== null && packet.protocol === 6 && packet.transport[13] === SYN,
      );
      assert.ok(
        syns.some((packet) => packet?.transport.includes('early data')),
        'no SYN carried the data',
      );
    });

    test(`urgent data arrives as urgent, ${family}`, async () => {
      const argv = ['python3', pythonProgram('tcp_fast_open.py'), 'urgent', VIP[family], String(VPORT)];
      assert.equal(await scene.lab.run('client', argv), 'before after!U\n');
    });

    test(`the urgent pointer, sequence numbers and window arrive as they were sent, ${family}`, async () => {
      const ends = ghosts(family, 20_000);
      await ends.fromClient(ends.up({ flags: SYN }));
      const fields = { flags: PUSH_URGENT, urgentPointer: 3, sequence: 0xfeed_beef, acknowledgement: 0xcafe };
      const { transport } = await ends.fromClient(ends.up({ ...fields, data: Buffer.from('now') }));
      assert.equal(transport[13], PUSH_URGENT);
      assert.equal(transport.readUInt16BE(18), 3);
      assert.equal(transport.readUInt32BE(4), 0xfeed_beef);
      assert.equal(transport.readUInt32BE(8), 0xcafe);
      assert.equal(transport.readUInt16BE(14), 65_000);
      assert.equal(transport.subarray(20).toString(), 'now');
    });

    test(`two ends that open at once become one connection, ${family}`, async () => {
      const ends = ghosts(family, 20_001);
      const steps = [
        ['fromClient', SYN],
        ['fromServer', SYN],
        ['fromClient', SYN_ACK],
        ['fromServer', SYN_ACK],
        ['fromClient', ACK],
        ['fromServer', ACK],
      ] as const;
      for (const [way, flags] of steps) {
        const segment = way === 'fromClient' ? ends.up({ flags }) : ends.down({ flags });
        const packet = await ends[way](segment);
        const [source, destination] = way === 'fromClient' ? [ends.near, ends.far] : [ends.vip, ends.near];
        assert.ok(packet.source.equals(source) && packet.destination.equals(destination), `${way} ${flags}`);
        assert.equal(packet.transport[13], flags);
      }
      const client = endpoint(GHOST[family].client, 20_001);
      const states = (await scene.connections())
        .filter((one) => one.client === client)
        .map(({ state }) => state);
      assert.deepEqual(states, ['ESTABLISHED']);
    });

    test(`a RST out of the window does not end a connection, ${family}`, async () => {
      const connection = await client.connect(VIP[family], ECHO_VPORT);
      assert.equal(await connection.exchange('before'), 'before');
      const ip = { source: build.addressBytes(CLIENT[family]), destination: build.addressBytes(VIP[family]) };
      const fields = { sourcePort: connection.localPort, destinationPort: ECHO_VPORT, flags: RST };
      const reset = build.tcp({ ...fields, sequence: 1 });
      await senders.client.send(family === 'ipv4' ? 4 : 6, [
        family === 'ipv4' ? build.ipv4(ip, reset) : build.ipv6(ip, reset),
      ]);
      assert.equal(await connection.exchange('after'), 'after');
      const text = 'and in bulk '.repeat(10_000);
      assert.equal(await connection.exchange(text), text);
      await connection.close();
    });

    test(`a RST from the real server's side out of the window does not end one either, ${family}`, async () => {
      const connection = await client.connect(VIP[family], ECHO_VPORT);
      assert.equal(await connection.exchange('before'), 'before');
      const own = build.addressBytes(realServer(1)[family]);
      const ip = { source: own, destination: build.addressBytes(CLIENT[family]) };
      const reset = build.tcp({
        sourcePort: 7,
        destinationPort: connection.localPort,
        flags: RST,
        sequence: 1,
      });
      await senders.rs1.send(family === 'ipv4' ? 4 : 6, [
        family === 'ipv4' ? build.ipv4(ip, reset) : build.ipv6(ip, reset),
      ]);
      assert.equal(await connection.exchange('after'), 'after');
      await connection.close();
    });
  }

  for (const family of FAMILIES) {
    test(`a new flow that begins with 40 datagrams in a burst loses none, ${family}`, async () => {
      // Cut by the client's kernel, so that each is a packet of its own.
      await scene.lab.ethtool('client', 'eth0', { 'tx-udp-segmentation': false });
      const argv = [
        'python3',
        pythonProgram('udp_segmented.py'),
        VIP[family],
        String(ECHO_VPORT),
        '40',
        '1001',
      ];
      assert.equal((await scene.lab.run('client', argv)).trim(), '40');
      await scene.lab.ethtool('client', 'eth0', { 'tx-udp-segmentation': true });
    });
  }

  test('a UDP checksum of zero is made right, on the way up and on the way down', async () => {
    const ends = ghosts('ipv4', 20_002);
    const up = build.udp({ sourcePort: 20_002, destinationPort: GHOST_VPORT, data: Buffer.from('none') });
    const request = await ends.fromClient(build.withoutChecksum(up));
    assert.equal(request.transport.subarray(8).toString(), 'none');
    const down = build.udp({ sourcePort: PORT, destinationPort: 20_002, data: Buffer.from('none back') });
    const reply = await ends.fromServer(build.withoutChecksum(down));
    assert.equal(reply.transport.subarray(8).toString(), 'none back');
    assert.notEqual(request.transport.readUInt16BE(6), 0);
    assert.notEqual(reply.transport.readUInt16BE(6), 0);
  });

  test('a refusal by a UDP server reaches the socket that asked', async () => {
    for (const family of FAMILIES) {
      await scene.balance('udp', VIP[family], 4444, { to: 4444 });
      const flow = await client.datagrams(VIP[family], 4444);
      await assert.rejects(flow.ask('anybody?'), { code: 'ECONNREFUSED' });
      await scene.balance('tcp', VIP[family], 4444, { to: 4444 });
      assert.equal((await client.refusal(VIP[family], 4444)).code, 'ECONNREFUSED');
    }
  });
});
