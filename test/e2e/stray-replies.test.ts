/**
 * A real server speaks from the port of its service to a machine that has no connection with it: a socket there hears
 * nothing, or is told so where sysctl nat_icmp_send asks for it. The stranger has an entry in the director's neighbour table
 * and no kernel: nobody but the director can be the one who answers.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { until } from '../lab/poll.js';
import { CLIENT_DEVICE, realServer, VIP } from '../lab/topology.js';
import { FrameSender } from './support/frame-sender.js';
import * as build from './support/frames.js';
import { kernelCounter } from './support/kernel-counters.js';
import type { Peer } from './support/peer.js';
import { Scene } from './support/scene.js';

const VPORT = 9000;
const PORT = 9001;
const STRANGER = { ipv4: '10.0.0.99', ipv6: 'fd00::99' } as const;
const SILENCE_MS = 500;
const [RST, ACK, SYN] = [build.TCP_RST, build.TCP_ACK, build.TCP_SYN];

describe('a real server that speaks to a stranger from the port of a service', () => {
  let scene: Scene;
  let server: Peer;
  let sender: FrameSender;
  before(async () => {
    scene = await Scene.open({ realServers: 1, serverPorts: null });
    server = await scene.peer('rs1');
    sender = await FrameSender.start(scene.lab, 'rs1');
    const mac = (await scene.lab.run('client', ['cat', '/sys/class/net/eth0/address'])).trim();
    for (const family of ['ipv4', 'ipv6'] as const) {
      for (const protocol of ['udp', 'tcp'] as const)
        await scene.balance(protocol, VIP[family], VPORT, { to: PORT });
      const neighbour = `${STRANGER[family]} lladdr ${mac} dev ${CLIENT_DEVICE}`;
      await scene.lab.ip('director', [`neigh replace ${neighbour}`]);
    }
  });
  after(() => scene.close());

  const sendsIcmp = (value: 0 | 1) => scene.adm('--sysctl', `nat_icmp_send=${value}`);
  /** How a datagram, and a connection, from there end. */
  const fates = async (family: 'ipv4' | 'ipv6', localPort: number): Promise<string[]> => {
    const address = STRANGER[family];
    const flow = await server.datagrams(address, 4001, localPort);
    const datagram = await flow.ask('hello', SILENCE_MS).catch(({ code }: { code: string }) => code);
    await flow.close();
    const connecting = { localPort, timeoutMs: SILENCE_MS };
    const connection = await server
      .connect(address, 4002, connecting)
      .then(() => 'connected')
      .catch(({ code }: { code: string }) => code);
    return [datagram, connection];
  };

  for (const family of ['ipv4', 'ipv6'] as const) {
    test(`hears nothing where nat_icmp_send is 0, ${family}`, async () => {
      await sendsIcmp(0);
      assert.deepEqual(await fates(family, PORT), ['ETIMEDOUT', 'ETIMEDOUT']);
    });

    test(`is refused where nat_icmp_send is 1, ${family}`, async () => {
      await sendsIcmp(1);
      assert.deepEqual(await fates(family, PORT), ['ECONNREFUSED', 'ECONNREFUSED']);
    });

    test(`hears nothing from a port of no service, ${family}`, async () => {
      await sendsIcmp(1);
      assert.deepEqual(await fates(family, PORT + 1), ['ETIMEDOUT', 'ETIMEDOUT']);
    });

    test(`is told of every segment but a RST, ${family}`, async () => {
      await sendsIcmp(1);
      const name = family === 'ipv4' ? 'IcmpInDestUnreachs' : 'Icmp6InDestUnreachs';
      const before = await kernelCounter(scene.lab, 'rs1', name);
      const ip = {
        source: build.addressBytes(realServer(1)[family]),
        destination: build.addressBytes(STRANGER[family]),
      };
      const segment = (flags: number): Buffer => {
        const tcp = build.tcp({ sourcePort: PORT, destinationPort: 4003, flags });
        return family === 'ipv4' ? build.ipv4(ip, tcp) : build.ipv6(ip, tcp);
      };
      const flags = [RST, RST | ACK, SYN, RST | SYN, ACK];
      await sender.send(family === 'ipv4' ? 4 : 6, flags.map(segment));
      // The ACK was the last.
      const told = async () => (await kernelCounter(scene.lab, 'rs1', name)) - before;
      await until('the ACK to be answered', 2000, async () => (await told()) >= 2);
      assert.equal(await told(), 2);
    });
  }
});
