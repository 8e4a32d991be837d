/**
 * Theory of operation: so many services and real servers that the kernel's rules for them are merged into a few that
 * select more, see src/host/cover.ts. What is selected though nobody asked for it must notice nothing: the director's own
 * programs at ports between those of services, and machines whose addresses lie between those of real servers.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { startServers } from '../lab/servers.js';
import { CLIENT, DIRECTOR, type Host, LAN_DEVICE, VIP } from '../lab/topology.js';
import { addMachine, joinMachines } from './support/machine.js';
import type { Peer } from './support/peer.js';
import { endpoint, Scene } from './support/scene.js';

const SERVERS = 60;
const FIRST_PORT = 8000;
const PORTS = 60;
/** Between the services' ports, which are even. */
const OWN_PORT = FIRST_PORT + 11;
const CLOSED_PORT = FIRST_PORT + 13;
const DATAGRAM_PORT = 7007;
const BYTES = 300_000;
/** With the rules that there are without any service. */
const MAX_RULES = 40;

for (const { family, ip, prefix, vip, routed, cip, own, serverAddress, between, gateway } of [
  {
    family: 'IPv4',
    ip: '-4',
    prefix: 24,
    vip: '10.9.0.5/32',
    routed: VIP.ipv4,
    cip: CLIENT.ipv4,
    own: '10.9.0.5',
    serverAddress: (index: number) => `10.1.0.${100 + index}`,
    between: '10.1.0.220',
    gateway: DIRECTOR.lanIpv4,
  },
  {
    family: 'IPv6',
    ip: '-6',
    prefix: 64,
    vip: 'fd09::5/128',
    routed: VIP.ipv6,
    cip: CLIENT.ipv6,
    own: 'fd09::5',
    serverAddress: (index: number) => `fd01::${(0x100 + index).toString(16)}`,
    between: 'fd01::1ff',
    gateway: DIRECTOR.lanIpv6,
  },
] as const) {
  describe(`with ${PORTS} services and ${SERVERS} real servers, ${family}`, () => {
    let scene: Scene;
    let client: Peer;
    let machine: Host;
    let stranger: Peer;
    const serverAddresses = Array.from({ length: SERVERS }, (_, index) => serverAddress(index));
    before(async () => {
      scene = await Scene.open({ realServers: 1 });
      const add = (address: string) =>
        `address add ${address}/${prefix} dev eth0${family === 'IPv6' ? ' nodad' : ''}`;
      await scene.lab.ip('rs1', serverAddresses.map(add));
      machine = await addMachine(scene.lab, 'between', 'end');
      await joinMachines(
        scene.lab,
        { host: 'director', device: 'between' },
        { host: machine, device: 'eth0' },
      );
      await scene.lab.ip('director', [`link set between master ${LAN_DEVICE}`]);
      await scene.lab.ip(machine, [
        add(between),
        `route add ${family === 'IPv4' ? 'default' : '::/0'} via ${gateway}`,
      ]);
      await startServers(scene.lab, machine, { tcpEcho: 7 });
      await scene.lab.ip('director', [`address add ${vip} dev lo`]);
      await startServers(scene.lab, 'director', { tcpEcho: OWN_PORT, udpEcho: OWN_PORT, listen: own });
      // A program that waits for datagrams at all addresses does not answer from the one that was asked.
      const datagrams = serverAddresses[0]!;
      await startServers(scene.lab, 'rs1', { udpEcho: DATAGRAM_PORT, listen: datagrams });
      const lines = [`-A -t ${endpoint(routed, 80)} -s rr`];
      for (const address of serverAddresses)
        lines.push(`-a -t ${endpoint(routed, 80)} -r ${endpoint(address, 80)} -m`);
      for (let index = 0; index < PORTS; index++) {
        for (const protocol of ['t', 'u']) {
          const service = `-${protocol} ${endpoint(own, FIRST_PORT + 2 * index)}`;
          const address = protocol === 't' ? serverAddresses[index]! : datagrams;
          const server = endpoint(address, protocol === 't' ? 80 : DATAGRAM_PORT);
          lines.push(`-A ${service} -s rr`, `-a ${service} -r ${server} -m`);
        }
      }
      await scene.uipvs.restore(lines);
      client = await scene.peer();
      stranger = await scene.peer(machine);
    });
    after(() => scene.close());

    test('there are few rules', async () => {
      const rules = (await scene.lab.run('director', ['ip', ip, 'rule'])).trim().split('\n');
      assert.ok(rules.length < MAX_RULES, `${rules.length} rules`);
    });

    test('every service is balanced, and every real server answers', async () => {
      for (let turn = 0; turn < SERVERS; turn++) assert.equal(await client.whoAnswers(routed), 'rs1');
      for (let index = 0; index < PORTS; index++) {
        assert.equal(await client.whoAnswers(own, FIRST_PORT + 2 * index), 'rs1');
      }
      const flow = await client.datagrams(own, FIRST_PORT);
      assert.equal(await flow.ask('name?'), 'rs1');
    });

    test("a program of the director's own, at a port between, is reached", async () => {
      const connection = await client.connect(own, OWN_PORT);
      const text = 'between the services '.repeat(10_000);
      assert.equal(await connection.exchange(text), text);
      await connection.close();
      assert.equal(await (await client.datagrams(own, OWN_PORT)).ask('name?'), 'director');
    });

    test('a closed port between is refused at once', async () => {
      assert.equal((await client.refusal(own, CLOSED_PORT)).code, 'ECONNREFUSED');
      await assert.rejects((await client.datagrams(own, CLOSED_PORT)).ask('anybody?'), {
        code: 'ECONNREFUSED',
      });
    });

    test('a machine whose address is between those of real servers reaches the client and is reached', async () => {
      await startServers(scene.lab, 'client', { http: 8080, udpEcho: 5353 });
      const download = await stranger.connect(cip, 8080);
      assert.match(await download.ask('/peer'), new RegExp(`${between} \\d+\\n$`));
      assert.equal((await download.ask(`/bytes/${BYTES}`)).length, BYTES);
      await download.close();
      const connection = await client.connect(between, 7);
      assert.equal(await connection.exchange('straight'), 'straight');
      await connection.close();
      for (const address of [cip, gateway]) {
        const ping = ['ping', '-c', '1', '-W', '2', '-q', address];
        for (let turn = 0; turn < 3; turn++)
          assert.match(await scene.lab.run(machine, ping), /1 received/, address);
      }
    });

    test('a real server and a service that come and go move no rule', async () => {
      const rules = () => scene.lab.run('director', ['ip', ip, 'rule']);
      const before = await rules();
      const service = endpoint(own, FIRST_PORT + 2);
      const server = endpoint(serverAddresses[1]!, 80);
      await scene.adm('-D', '-t', service);
      assert.equal(await rules(), before);
      await scene.adm('-A', '-t', service, '-s', 'rr');
      await scene.adm('-a', '-t', service, '-r', server, '-m');
      assert.equal(await rules(), before);
      assert.equal(await client.whoAnswers(own, FIRST_PORT + 2), 'rs1');
    });

    test('without services no rule for them is left', async () => {
      await scene.adm('-C');
      const rules = await scene.lab.run('director', ['ip', ip, 'rule']);
      assert.doesNotMatch(rules, /^5\d:.* to /m);
    });
  });
}
