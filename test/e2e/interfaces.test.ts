/** `--io packet`: interfaces that come and go, and are taken from the kernel and given back to it, under load. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../lab/poll.js';
import { startServers } from '../lab/servers.js';
import { CLIENT, DIRECTOR, type Host, VIP } from '../lab/topology.js';
import { FrameSender } from './support/frame-sender.js';
import * as build from './support/frames.js';
import { addMachine, joinMachines } from './support/machine.js';
import { NumberCounter, NumberSender } from './support/numbers.js';
import { pythonProgram } from './support/program.js';
import { Scene } from './support/scene.js';
import { packetsByTun, takenInterfaces, workerTimeUs } from './support/wire-facts.js';

const PORT = 7000;
const COUNTED_PORT = 7001;
/** Datagrams a second. */
const RATE = 4000;
const FOLLOWED_MS = 5000;
const FOREIGN_MS = 1000;
/** A machine on a cable of its own. */
const GUEST = { ipv4: '10.4.0.2', director: '10.4.0.1', device: 'guest0' } as const;

describe('interfaces that packets are taken from', () => {
  let scene: Scene;
  let guest: Host;

  async function taken(...names: readonly string[]): Promise<void> {
    const wanted = names.toSorted().join();
    await until(`${wanted} to be taken`, FOLLOWED_MS, () => takenInterfaces(scene.uipvs).join() === wanted);
  }

  async function setAddress(verb: 'add' | 'del'): Promise<void> {
    await scene.lab.ip('director', [`address ${verb} ${GUEST.director}/24 dev ${GUEST.device}`]);
    await taken('client0', 'lan0', ...(verb === 'add' ? [GUEST.device] : []));
  }

  async function linkOf(device: string): Promise<{ readonly address: string }> {
    const text = await scene.lab.run('director', ['ip', '-json', 'link', 'show', device]);
    const [link] = JSON.parse(text) as { address: string }[];
    return link ?? { address: '' };
  }

  before(async () => {
    scene = await Scene.open({ realServers: 1, uipvs: { args: ['--io', 'packet'] } });
    await scene.balance('udp', VIP.ipv4, PORT, { to: 7 });
    await scene.balance('udp', VIP.ipv4, COUNTED_PORT, { to: COUNTED_PORT });
    await scene.balance('tcp', VIP.ipv4, 80, { to: 80 });
    guest = await addMachine(scene.lab, 'guest', 'end');
  });
  after(() => scene.close());

  test('are at first all Ethernets that have an address', () => taken('client0', 'lan0'));

  test('are joined by one that appears, as soon as it has an address', async () => {
    await joinMachines(
      scene.lab,
      { host: 'director', device: GUEST.device },
      { host: guest, device: 'eth0' },
    );
    await scene.lab.sysctl('director', { [`net.ipv6.conf.${GUEST.device}.disable_ipv6`]: 1 });
    await scene.lab.ip(guest, [
      `address add ${GUEST.ipv4}/24 dev eth0`,
      `route add default via ${GUEST.director}`,
    ]);
    await setAddress('add');
    const peer = await scene.peer(guest);
    const before = await packetsByTun(scene.lab);
    assert.equal(await peer.whoAnswers(VIP.ipv4), 'rs1');
    assert.equal(await packetsByTun(scene.lab), before, 'packets came by the TUN device');
  });

  test('lose and repeat nothing when they are given back to the kernel and taken again', async () => {
    // Without an address the director answers no question for it.
    const { address } = await linkOf(GUEST.device);
    await scene.lab.ip(guest, [`neighbour replace ${GUEST.director} lladdr ${address} dev eth0`]);
    const counter = await NumberCounter.start(scene.lab, 'rs1', COUNTED_PORT);
    const sender = await NumberSender.start(scene.lab, guest, VIP.ipv4, COUNTED_PORT, RATE);
    const before = await packetsByTun(scene.lab);
    for (let turn = 0; turn < 5; turn += 1) {
      await setAddress('del');
      await setAddress('add');
    }
    const byTun = (await packetsByTun(scene.lab)) - before;
    const { sent, refused } = await sender.stop();
    const { came, again, missing } = await counter.stop();
    assert.deepEqual({ came, again, missing, refused }, { came: sent, again: 0, missing: [], refused: 0 });
    assert.ok(byTun > 0 && byTun < sent, `${byTun} of ${sent} came by the TUN device`);
  });

  test('are followed under another name, into a bridge, and away', async () => {
    const device = 'renamed0';
    await scene.lab.ip('director', [`link set ${GUEST.device} name ${device}`]);
    await taken('client0', 'lan0', device);
    const peer = await scene.peer(guest, 'bridged');
    assert.equal(await peer.whoAnswers(VIP.ipv4), 'rs1');
    // The bridge has the packets from now on, under the address that the guest knows.
    const { address } = await linkOf(device);
    await scene.lab.ip('director', [
      `link add guests0 address ${address} type bridge forward_delay 0`,
      'link set guests0 up',
      `address del ${GUEST.director}/24 dev ${device}`,
      `link set ${device} master guests0`,
      `address add ${GUEST.director}/24 dev guests0`,
    ]);
    await taken('client0', 'lan0', 'guests0');
    const before = await packetsByTun(scene.lab);
    assert.equal(await peer.whoAnswers(VIP.ipv4), 'rs1');
    assert.equal(await packetsByTun(scene.lab), before, 'packets came by the TUN device');
    await scene.lab.ip('director', ['link delete guests0', `link delete ${device}`]);
    await taken('client0', 'lan0');
  });

  test('carry super-packets both ways, past the TUN device', async () => {
    const client = await scene.peer('client', 'bulk');
    const connection = await client.connect(VIP.ipv4, 80);
    assert.equal((await connection.ask('/bytes/1000')).length, 1000);
    const before = await packetsByTun(scene.lab);
    const bytes = 20_000_000;
    const sizeOf = async () =>
      Number(await scene.lab.run('director', ['cat', '/sys/class/net/lan0/statistics/rx_packets']));
    const packetsBefore = await sizeOf();
    assert.equal((await connection.ask(`/bytes/${bytes}`, 20_000)).length, bytes);
    const packets = (await sizeOf()) - packetsBefore;
    assert.ok(packets < bytes / 1448 / 4, `${packets} packets came: no super-packets`);
    assert.equal(await packetsByTun(scene.lab), before, 'packets came by the TUN device');
    await connection.close();
  });

  test("carry the host's own traffic, which is not touched", async () => {
    await startServers(scene.lab, 'director', { http: 8080 });
    const received = async () => /^received +(\d+)/m.exec(await scene.adm('--drops', '--exact'))?.[1];
    const before = await received();
    const client = await scene.peer('client', 'foreign');
    const connection = await client.connect(DIRECTOR.ipv4, 8080);
    assert.equal((await connection.ask('/bytes/5000000')).length, 5_000_000);
    await connection.close();
    assert.equal(await received(), before);
  });

  test('cost the daemon nothing for packets of others', async () => {
    const counter = await NumberCounter.start(scene.lab, 'director', COUNTED_PORT);
    const before = await workerTimeUs(scene.uipvs);
    const sender = await NumberSender.start(scene.lab, 'client', DIRECTOR.ipv4, COUNTED_PORT, RATE);
    await delay(FOREIGN_MS);
    const { sent } = await sender.stop();
    const took = (await workerTimeUs(scene.uipvs)) - before;
    assert.equal((await counter.stop()).came, sent);
    assert.ok(sent > 1000, `${sent} were sent`);
    assert.ok(took < sent, `${sent} packets took the worker ${took} us`);
  });

  test('cost the daemon nothing for the tagged frames of VLANs, whose devices have the packets', async () => {
    const sender = await FrameSender.start(scene.lab);
    const ends = {
      source: build.addressBytes(CLIENT.ipv4),
      destination: build.addressBytes(VIP.ipv4),
    };
    const datagram = build.udp({ sourcePort: 7, destinationPort: PORT, data: Buffer.from('in a VLAN') });
    const packets = Array.from({ length: RATE }, () => build.ipv4(ends, datagram));
    const before = await workerTimeUs(scene.uipvs);
    await sender.send(4, packets, 10);
    const took = (await workerTimeUs(scene.uipvs)) - before;
    assert.ok(took < packets.length / 4, `${packets.length} frames took the worker ${took} us`);
  });

  test('say how many packets they had no room for, and then go on', async () => {
    const client = await scene.peer();
    const flow = await client.datagrams(VIP.ipv4, PORT);
    await flow.ask('so that there is a connection');
    const counter = await NumberCounter.start(scene.lab, 'rs1', COUNTED_PORT);
    process.kill(scene.uipvs.pid, 'SIGSTOP');
    let sent: number;
    try {
      const flood = [
        'python3',
        pythonProgram('udp_numbers.py'),
        'send',
        VIP.ipv4,
        `${COUNTED_PORT}`,
        '9000',
        '1000000',
      ];
      const said = await scene.lab.run('client', flood);
      ({ sent } = JSON.parse(said.trim().split('\n').at(-1) ?? '') as { sent: number });
    } finally {
      process.kill(scene.uipvs.pid, 'SIGCONT');
    }
    assert.equal(await flow.ask('after the flood', 5000), 'after the flood');
    const { came, again } = await counter.stop();
    assert.equal(again, 0);
    const drops = await scene.adm('--drops', '--exact');
    const count = (reason: string) => Number(new RegExp(`-> ${reason} +(\\d+)`).exec(drops)?.[1]);
    assert.ok(count('ring_full') > 0, drops);
    // All are accounted for: one flow that waits for the scheduler may hold so many.
    assert.ok(came + count('ring_full') + count('parking_full') >= sent, `${came} of ${sent} came\n${drops}`);
  });

  test('carry no datagram twice when the daemon ends, or begins', async () => {
    const counter = await NumberCounter.start(scene.lab, 'rs1', COUNTED_PORT);
    const sender = await NumberSender.start(scene.lab, 'client', VIP.ipv4, COUNTED_PORT, RATE);
    const rules = await scene.adm('-S', '-n');
    for (let turn = 0; turn < 2; turn += 1) {
      await scene.uipvs.stop();
      await scene.restartUipvs({ args: ['--io', 'packet'] });
      await scene.adm('-C');
      await scene.uipvs.restore(rules.trim().split('\n'));
    }
    const client = await scene.peer('client', 'afterwards');
    assert.equal(await client.whoAnswers(VIP.ipv4), 'rs1');
    const { sent } = await sender.stop();
    const { came, again } = await counter.stop();
    assert.equal(again, 0);
    assert.ok(came > 0 && came <= sent, `${came} of ${sent} came`);
  });
});

describe('--interfaces', () => {
  let scene: Scene;
  before(async () => {
    const args = ['--io', 'packet', '--interfaces', 'lan0,absent0'];
    scene = await Scene.open({ realServers: 1, uipvs: { args } });
    await scene.balance('udp', VIP.ipv4, PORT, { to: 7 });
  });
  after(() => scene.close());

  test('names those that packets are taken from; by all others they come through the TUN device', async () => {
    assert.deepEqual(takenInterfaces(scene.uipvs), ['lan0']);
    const flow = await (await scene.peer()).datagrams(VIP.ipv4, PORT);
    const before = await packetsByTun(scene.lab);
    for (let turn = 0; turn < 50; turn += 1) assert.equal(await flow.ask(`${turn}`), `${turn}`);
    const byTun = (await packetsByTun(scene.lab)) - before;
    assert.ok(byTun >= 50 && byTun < 60, `${byTun} packets came by the TUN device`);
  });

  test('is told once of one that is not there', () => {
    const told = scene.uipvs.log.split('\n').filter((line) => line.includes('there is no interface absent0'));
    assert.equal(told.length, 1, scene.uipvs.log);
  });
});
